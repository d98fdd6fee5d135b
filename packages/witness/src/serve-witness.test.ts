import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { systemId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { minute } from "@gridward/core/base/time";
import { decodeGreeting } from "@gridward/core/codec/join-message";
import { decodeWitnessCode } from "@gridward/core/codec/witness-code";
import type { ArbiterAnswer, ArbiterEntry } from "@gridward/core/domain/arbiter";
import { origin } from "@gridward/core/domain/entry";
import {
  decodeAdmission,
  decodeReply,
  decodeSeeded,
  type KnownServer,
  type WitnessRequest,
} from "@gridward/core/domain/witness-message";
import { secretMac } from "@gridward/runtime/link/contact-proof";
import { dialContact, dialLink } from "@gridward/runtime/link/dial";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import { brief, dialOptions, serverIdentity } from "@gridward/runtime/link/test-link";
import type { UnverifiedPeer } from "@gridward/runtime/link/unverified-peer";
import { systemClock } from "@gridward/runtime/os/clock";
import { removePath } from "@gridward/runtime/os/files";
import { sha256 } from "@gridward/runtime/os/hash";
import { isThisMachine } from "@gridward/runtime/os/machine";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { issueCode } from "./one-time-code.ts";
import { Register } from "./register.ts";
import { Roster } from "./roster.ts";
import { serveWitness } from "./serve-witness.ts";
import { init } from "./verbs/init.ts";
import { readWitnessDirectory } from "./witness-directory.ts";

type Identity = ReturnType<typeof serverIdentity>;
const [a, b, c] = [serverIdentity(), serverIdentity(), serverIdentity()];
const clock = systemClock();

function known(...servers: readonly Identity[]): readonly KnownServer[] {
  return servers.map(({ node, pairingKey }) => {
    return { id: node, name: node.slice(0, 4), pairingKey: pairingKeyText(pairingKey) };
  });
}

const entry: ArbiterEntry = {
  systemId: systemId("system"),
  term: 1,
  owner: a.node,
  ackSet: [a.node, b.node],
  floor: origin,
};

const listen = "127.0.0.1";

function initialised(t: TestContext): string {
  const directory = join(mkdtempSync(join(tmpdir(), "gridward-witness-")), "w");
  t.after(() => removePath(join(directory, "..")));
  const place = { directory, clock, output: "json", quiet: true, listen } as const;
  const made = init({ ...place, port: 5482, address: undefined });
  assert.ok(made.ok);
  return directory;
}

async function aWitness(t: TestContext, directory = initialised(t)) {
  const read = readWitnessDirectory(directory);
  assert.ok(read.ok);
  const opened = Register.open(directory, () => undefined);
  assert.ok(opened.ok);
  const { register } = opened.value;
  const failures: unknown[] = [];
  const world = { now: clock.now(), failures };
  const server = await serveWitness({
    place: { ...read.value, config: { ...read.value.config, port: 0 } },
    register,
    roster: new Roster(read.value.paths.servers),
    clock,
    now: () => world.now,
    note: () => undefined,
    onFailure: (error) => world.failures.push(error),
  });
  t.after(() => server.close());
  const { id: node } = read.value.config;
  const self = { node, pairingKey: read.value.pairingKey };
  return {
    world,
    register,
    directory,
    port: server.port,
    newCode: () => issueCode(read.value, world.now).code.reveal(),
    dial: async (as: Identity) =>
      dialLink({ ...dialOptions(as, self, server.port), protocol: "gridward-witness/1" }),
    contact: async <Value>(talk: (peer: UnverifiedPeer) => Promise<Value>) =>
      dialContact(
        { address: listen, port: server.port, clock, stop: new AbortController().signal },
        talk,
      ),
  };
}

type TestWitness = Awaited<ReturnType<typeof aWitness>>;

/** The Main's side of a first contact, as packages/server speaks it. */
async function seed(witness: TestWitness, code: string, as: Identity = a): Promise<string> {
  const decoded = decodeWitnessCode(code, sha256);
  assert.ok(decoded.ok);
  const { secret } = decoded.value;
  const met = await witness.contact(async (peer) => {
    const greeting = await peer.receive(512);
    assert.ok(greeting && decodeGreeting(greeting).ok);
    const use = { purpose: "witness", name: as.node, exporter: peer.exporter } as const;
    const mac = secretMac(new Secret<Bytes>(sha256(secret)), use);
    peer.send(utf8(JSON.stringify({ v: 1, server: as.node, mac })));
    const admission = decodeAdmission((await peer.receive(512)) ?? new Uint8Array());
    assert.ok(admission.ok);
    if (admission.value.answer === "refused") return "refused";
    assert.ok(admission.value.machine && isThisMachine(admission.value.machine));
    const message = { v: 1, version: 0, entry, servers: known(a, b) };
    peer.send(utf8(JSON.stringify(message)));
    const seeded = await peer.receive(16_384);
    if (seeded === undefined) return "closed";
    const answer = decodeSeeded(seeded);
    return answer.ok ? answer.value.answer.kind : "no answer";
  });
  assert.ok(met.ok);
  return met.value;
}

async function linked(t: TestContext, witness: TestWitness, as: Identity): Promise<VerifiedPeer> {
  const dialled = await witness.dial(as);
  assert.ok(dialled.outcome === "verified", brief(dialled));
  t.after(() => dialled.peer.close("end of test"));
  return dialled.peer;
}

/** Asks over a link of its own, which the witness takes for the newest. */
async function ask(
  t: TestContext,
  witness: TestWitness,
  as: Identity,
  request: WitnessRequest,
): Promise<ArbiterAnswer | string> {
  const peer = await linked(t, witness, as);
  const answered = new Promise<ArbiterAnswer | string>((resolve) => {
    peer.onFrame((frame) => {
      const reply = decodeReply(frame);
      resolve(reply.ok ? reply.value.answer : reply.error);
    });
    void peer.closed.then(resolve);
  });
  await peer.send(utf8(JSON.stringify({ id: 1, request })));
  return answered;
}

function ownerOf({ register }: TestWitness): string | undefined {
  return register.record?.owner;
}

function kindOf(answer: ArbiterAnswer | string): string {
  return typeof answer === "string" ? answer : answer.kind;
}

test("[WN3] the open code fills the register once, within its time, for a member only", async (t) => {
  const witness = await aWitness(t);
  const first = witness.newCode();
  const code = witness.newCode();
  assert.equal(await seed(witness, first), "refused", "a later code makes it void");
  witness.world.now += 15 * minute;
  assert.equal(await seed(witness, code), "refused", "past its time");
  witness.world.now -= 1;
  assert.equal(await seed(witness, code, c), "closed", "not a server of the system");
  assert.equal(ownerOf(witness), undefined);
  assert.equal(await seed(witness, code), "record");
  assert.equal(ownerOf(witness), a.node);
  assert.equal(await seed(witness, code), "refused", "used");
});

test("[WN3] a proof that was overheard is worth nothing on another connection", async (t) => {
  const witness = await aWitness(t);
  const decoded = decodeWitnessCode(witness.newCode(), sha256);
  assert.ok(decoded.ok);
  const key = new Secret<Bytes>(sha256(decoded.value.secret));
  let overheard = "";
  for (const isFirst of [true, false]) {
    const met = await witness.contact(async (peer) => {
      await peer.receive(512);
      const use = { purpose: "witness", name: a.node, exporter: peer.exporter } as const;
      if (isFirst) overheard = secretMac(key, use);
      peer.send(utf8(JSON.stringify({ v: 1, server: a.node, mac: overheard })));
      const admission = decodeAdmission((await peer.receive(512)) ?? new Uint8Array());
      return admission.ok ? admission.value.answer : admission.error;
    });
    assert.deepEqual(met, { ok: true, value: isFirst ? "admitted" : "refused" });
  }
});

test("[WN2][WN5] only servers of the system are heard, and a wiped register stays blank to them", async (t) => {
  const witness = await aWitness(t);
  assert.equal(brief(await witness.dial(a)), "T16 by them");
  assert.equal(await seed(witness, witness.newCode()), "record");
  assert.equal(kindOf(await ask(t, witness, a, { kind: "read" })), "record");
  assert.equal(brief(await witness.dial(c)), "T16 by them");
  const introduce = { kind: "introduce", servers: known(a, c) } as const;
  assert.equal(kindOf(await ask(t, witness, b, introduce)), "refused", "not the owner");
  const old = await linked(t, witness, b);
  assert.equal(kindOf(await ask(t, witness, a, introduce)), "record");
  assert.equal(await old.closed, "the peer closed the connection");
  assert.equal(brief(await witness.dial(b)), "T16 by them");
  assert.equal(kindOf(await ask(t, witness, c, { kind: "read" })), "record");
  const { directory } = witness;
  for (const slot of ["register.a", "register.b"]) removePath(join(directory, slot));
  const wiped = await aWitness(t, directory);
  for (const request of [
    { kind: "read" },
    { kind: "cas", version: 1_000, next: entry },
    { kind: "seed", version: 1_000, next: entry },
    introduce,
  ] as const) {
    assert.deepEqual(await ask(t, wiped, a, request), { kind: "blank" }, request.kind);
  }
  assert.equal(ownerOf(wiped), undefined);
});

test("[WN5] a newer connection of a server takes the place of its older one", async (t) => {
  const witness = await aWitness(t);
  await seed(witness, witness.newCode());
  const older = await linked(t, witness, a);
  const other = await linked(t, witness, b);
  const newer = await linked(t, witness, a);
  assert.equal(await older.closed, "the peer closed the connection");
  assert.equal(kindOf(await ask(t, witness, b, { kind: "read" })), "record");
  assert.equal(await other.closed, "the peer closed the connection");
  newer.close("done");
});

test("[WN5] over a link of a server a register is not filled, only changed", async (t) => {
  const witness = await aWitness(t);
  await seed(witness, witness.newCode());
  const version = witness.register.record?.version ?? 0;
  const next = { ...entry, term: 2, owner: b.node, ackSet: [b.node] };
  assert.equal(kindOf(await ask(t, witness, b, { kind: "seed", version, next })), "record");
  assert.equal(witness.register.record?.term, 1);
  assert.equal(kindOf(await ask(t, witness, b, { kind: "cas", version: 1, next })), "conflict");
  assert.equal(kindOf(await ask(t, witness, b, { kind: "cas", version, next })), "record");
  assert.equal(ownerOf(witness), b.node);
});

test("[WN6] any bytes end in a closed connection, and the next one is served", async (t) => {
  const witness = await aWitness(t);
  await seed(witness, witness.newCode());
  const before = witness.register.record;
  const json = fc.json().map(utf8);
  const almost = fc.record({ id: fc.nat(), request: fc.anything() }).map((value) => {
    return utf8(JSON.stringify(value));
  });
  const large = fc.constant(utf8(JSON.stringify("x".repeat(20_000))));
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 600 }), json, almost, large);
  await fc.assert(
    fc.asyncProperty(bytes, fc.constantFrom("plain", "contact", "server"), async (sent, way) => {
      if (way === "plain") return plain(witness.port, sent);
      if (way === "server") {
        const peer = await linked(t, witness, a);
        await peer.send(sent);
        assert.equal(await peer.closed, "the peer closed the connection");
        return;
      }
      const met = await witness.contact(async (peer) => {
        await peer.receive(512);
        peer.send(sent);
        return peer.receive(512);
      });
      assert.deepEqual(met, { ok: true, value: undefined });
    }),
    { numRuns: 60 },
  );
  assert.equal(witness.register.record, before);
  assert.deepEqual(witness.world.failures, []);
  assert.equal(kindOf(await ask(t, witness, a, { kind: "read" })), "record");
});

async function plain(port: number, sent: Uint8Array): Promise<void> {
  const socket = connectPlain(port, "127.0.0.1");
  await new Promise<void>((resolve) => {
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.end(sent);
    socket.resume();
  });
}

test("[WN7] a disk that fails is told, and nothing is answered", async (t) => {
  const witness = await aWitness(t);
  await seed(witness, witness.newCode());
  const version = witness.register.record?.version ?? 0;
  removePath(witness.directory);
  const next = { ...entry, ackSet: [a.node] };
  const answer = await ask(t, witness, a, { kind: "cas", version, next });
  assert.equal(answer, "the peer closed the connection");
  assert.match(String(witness.world.failures[0]), /ENOENT/);
});
