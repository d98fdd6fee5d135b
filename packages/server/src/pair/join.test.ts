import assert from "node:assert/strict";
import type { KeyObject } from "node:crypto";
import { test, type TestContext } from "node:test";
import * as z from "zod";
import { nodeId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { minute } from "@gridward/core/base/time";
import { decodeJoinCode, encodeJoinCode, type JoinCode } from "@gridward/core/codec/join-code";
import { encodeJoin } from "@gridward/core/codec/join-message";
import { dialContact } from "@gridward/runtime/link/dial";
import { unverifiedFrameBytesMax } from "@gridward/runtime/link/peer";
import { serveLink, type Contact, type LinkServer } from "@gridward/runtime/link/serve";
import { freshAgreementKey } from "@gridward/runtime/os/agreement";
import { systemClock } from "@gridward/runtime/os/clock";
import { sha256 } from "@gridward/runtime/os/hash";
import { freshId, freshRequestId, randomBytes } from "@gridward/runtime/os/random";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createSigningKey, createTlsKey, pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { certificateNameOf } from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { aSystem, type TestSystem } from "../a-system.ts";
import { issueServer } from "../ca/issue.ts";
import { answerJoins, type AnswerJoinParts } from "./answer-join.ts";
import { makeInvite } from "./invite.ts";
import { unwrapSystemKey, wrapSystemKey } from "./join-wrap.ts";
import { requestJoin, type JoiningServer } from "./request-join.ts";

const patience = { timeout: 20_000 };
const clock = systemClock();
const run = { clock, stop: new AbortController().signal };

interface Stage {
  readonly system: TestSystem;
  readonly server: LinkServer;
  readonly invite: (name: string, kind?: "permanent") => Secret<string>;
}

/** A Main that listens; `wrap` may put something between it and its contacts. */
async function stage(
  t: TestContext,
  wrap: (answer: (contact: Contact) => Promise<void>) => (contact: Contact) => Promise<void> = (
    answer,
  ) => answer,
  change: Partial<AnswerJoinParts> = {},
): Promise<Stage> {
  const system = aSystem(clock.now());
  const { self, systemKey, front } = system;
  const key = createTlsKey();
  const certificate = createTemporary({
    key,
    node: self.node,
    name: "A",
    hosts: [],
    now: clock.now(),
  });
  const server = await serveLink({
    protocols: ["gridward-diag/1"],
    host: "127.0.0.1",
    port: 0,
    identity: () => ({
      name: { kind: "server", node: self.node },
      certificate,
      key,
      anchors: [],
      pairingKey: self.pairingKey,
    }),
    settings: () => ({ validate: true, checkNames: true }),
    admission: { partnerKey: () => undefined, isEnrolled: () => false },
    onPeer: () => assert.fail("nobody is verified by joining"),
    onRefused: () => undefined,
    onContact: wrap(answerJoins({ self, systemKey: () => systemKey, front, ...change })),
    clock,
  });
  t.after(async () => server.close());
  return {
    system,
    server,
    invite(name, serverKind) {
      const made = makeInvite({
        address: "127.0.0.1",
        port: server.port,
        pairingKey: self.pairingKey,
        authority: system.authority,
        systemKey,
        requestId: freshRequestId(),
        now: front.now(),
      });
      const { secret, expiresAt } = made;
      const kind = serverKind === undefined ? {} : { serverKind };
      system.order({ kind: "issue-invite", name, ...kind, secret, expiresAt });
      return made.code;
    },
  };
}

function joining(name: string): JoiningServer {
  const ports = { https: 8443, link: 5480, ldaps: 636 };
  return {
    server: { id: nodeId(freshId()), name, address: "127.0.0.1", ports, kind: "promotable" },
    pairingKey: createSigningKey(),
    tlsKey: createTlsKey(),
    signerKey: createSigningKey(),
  };
}

function changed(code: Secret<string>, change: Partial<JoinCode>): Secret<string> {
  const decoded = decodeJoinCode(code.reveal(), sha256);
  assert.ok(decoded.ok);
  return new Secret(encodeJoinCode({ ...decoded.value, ...change }, sha256));
}

async function refusal(code: Secret<string>, server: JoiningServer): Promise<string> {
  const answer = await requestJoin(code, server, run);
  assert.ok(!answer.ok, "joined");
  return answer.error.code;
}

test(
  "[JN1] a code makes a server a member: certificates of its keys, the list of servers, the system key",
  patience,
  async (t) => {
    const { system, invite } = await stage(t);
    const b = joining("B");
    const joined = await requestJoin(invite("B"), b, run);
    assert.ok(joined.ok, JSON.stringify(joined));
    const { issued, servers, systemKey, main } = joined.value;
    assert.equal(main, system.self.node);
    assert.deepEqual(systemKey.bytes.reveal(), system.systemKey.bytes.reveal());
    assert.deepEqual(
      servers.map(({ name }) => name).toSorted((x, y) => x.localeCompare(y)),
      ["A", "B"],
    );
    assert.deepEqual(certificateNameOf(issued.certificate), { kind: "server", node: b.server.id });
    assert.ok(issued.certificate.checkPrivateKey(b.tlsKey));
    assert.ok(issued.signerCertificate.checkPrivateKey(b.signerKey));
    const { tables } = system.front.state();
    assert.equal(tables.servers.get(b.server.id)?.name, "B");
    assert.equal(tables.invites.has("B"), false);
    assert.equal(tables.certificates.size, 3);
  },
);

test(
  "[JN1][HS14] a code for a permanent Standby makes one, whatever the server calls itself",
  patience,
  async (t) => {
    const { system, invite } = await stage(t);
    const joined = await requestJoin(invite("D", "permanent"), joining("D"), run);
    assert.ok(joined.ok, JSON.stringify(joined));
    const told = joined.value.servers.map(({ name, kind }) => `${name} ${kind}`).toSorted();
    assert.deepEqual(told, ["A promotable", "D permanent"]);
    const kinds = [...system.front.state().tables.servers.values()].map(({ kind }) => kind);
    assert.deepEqual(kinds.toSorted(), ["permanent", "promotable"]);
  },
);

test(
  "[JN2] wrong, mistyped, expired, used up, used and unknown are each their own answer",
  patience,
  async (t) => {
    const { system, invite } = await stage(t);
    const code = invite("B");
    const wrong = changed(code, { secret: randomBytes(16) });
    assert.equal(await refusal(new Secret("hello"), joining("B")), "invite.malformed");
    const text = code.reveal();
    const typo = text.slice(0, 10) + (text[10] === "7" ? "8" : "7") + text.slice(11);
    assert.equal(await refusal(new Secret(typo), joining("B")), "invite.mistyped");
    assert.equal(await refusal(code, joining("C")), "invite.not-found");
    for (let tries = 0; tries < 5; tries++) {
      assert.equal(await refusal(wrong, joining("B")), "invite.rejected");
    }
    assert.equal(await refusal(code, joining("B")), "invite.spent");
    // Who does not know the secret does not learn that it would have been too late.
    assert.equal(await refusal(wrong, joining("B")), "invite.rejected");
    const fresh = invite("D");
    assert.ok((await requestJoin(fresh, joining("D"), run)).ok);
    const used = changed(fresh, { secret: randomBytes(16) });
    assert.equal(await refusal(used, joining("D")), "invite.not-found");
    const late = invite("B");
    system.pass(15 * minute);
    assert.equal(await refusal(late, joining("B")), "invite.expired");
  },
);

test(
  "[JN2] a second server of the same name is refused, also with a code of its own",
  patience,
  async (t) => {
    const { system, invite } = await stage(t);
    const first = invite("B");
    assert.ok((await requestJoin(first, joining("B"), run)).ok);
    const again = system.front.submit({
      command: {
        kind: "issue-invite",
        name: "b",
        secret: makeInvite({
          address: "127.0.0.1",
          port: 1,
          pairingKey: system.self.pairingKey,
          authority: system.authority,
          systemKey: system.systemKey,
          requestId: freshRequestId(),
          now: system.front.now(),
        }).secret,
        expiresAt: system.front.now() + minute,
      },
      actor: system.administrator,
      requestId: freshRequestId(),
    });
    const refused = await again;
    assert.ok(!refused.ok && refused.error.code === "pair.name-taken");
    // The used code in the hands of another server: the Main still knows it, and does not let it in.
    assert.equal(await refusal(first, joining("B")), "invite.not-found");
  },
);

test("[JN3] a try is spent before the proof is looked at", patience, async (t) => {
  const { system, invite } = await stage(t);
  const wrong = changed(invite("B"), { secret: randomBytes(16) });
  await refusal(wrong, joining("B"));
  assert.deepEqual(system.asked(), ["issue-invite", "spend-invite-try"]);
  assert.equal(system.front.state().tables.invites.get("B")?.triesLeft, 4);
});

test(
  "[JN4] nothing is sent to a Main with another pairing key, or that cannot prove it",
  patience,
  async (t) => {
    const heard: string[] = [];
    const listen = (answer: (contact: Contact) => Promise<void>) => async (contact: Contact) => {
      const receive = contact.peer.receive.bind(contact.peer);
      contact.peer.receive = async (limit) => {
        const frame = await receive(limit);
        if (frame !== undefined) heard.push(String(Buffer.from(frame)));
        return frame;
      };
      await answer(contact);
    };
    const { system, invite } = await stage(t, listen);
    const code = invite("B");
    const other = changed(code, { pairingHash: randomBytes(16) });
    assert.equal(await refusal(other, joining("B")), "security.untrusted-server");
    // Somebody between: knows the Main's public key, and repeats a greeting heard on another line.
    let greeting: Uint8Array | undefined;
    const port = decodeJoinCode(code.reveal(), sha256);
    assert.ok(port.ok);
    await dialContact({ address: "127.0.0.1", port: port.value.port, ...run }, async (peer) => {
      greeting = (await peer.receive(unverifiedFrameBytesMax))?.slice();
    });
    const between = await stage(t, () => async ({ peer }) => {
      peer.send(greeting ?? new Uint8Array(0));
      const frame = await peer.receive(unverifiedFrameBytesMax);
      if (frame !== undefined) heard.push(String(Buffer.from(frame)));
    });
    const diverted = changed(code, { port: between.server.port });
    assert.equal(await refusal(diverted, joining("B")), "security.untrusted-server");
    assert.deepEqual(heard, []);
    assert.equal(system.front.state().tables.invites.get("B")?.triesLeft, 5);
  },
);

test("[JN4] an authority that is not the one of the code is not believed", patience, async (t) => {
  const { invite } = await stage(t);
  const code = changed(invite("B"), { authorityHash: randomBytes(16) });
  assert.equal(await refusal(code, joining("B")), "security.untrusted-server");
});

const frameShape = z.record(z.string(), z.unknown());
type Words = Readonly<z.infer<typeof frameShape>>;

/** Somebody in the midst of the Main's own process, who changes what it hears and says. */
function altering(
  hears: (words: Words) => Words,
  says: (words: Words) => Words = (words) => words,
) {
  const altered = (frame: Uint8Array, change: (words: Words) => Words): Uint8Array =>
    Buffer.from(
      JSON.stringify(change(frameShape.parse(JSON.parse(Buffer.from(frame).toString())))),
    );
  return (answer: (contact: Contact) => Promise<void>) => async (contact: Contact) => {
    const { peer } = contact;
    const [receive, send] = [peer.receive.bind(peer), peer.send.bind(peer)];
    peer.receive = async (limit) => {
      const frame = await receive(limit);
      return frame && altered(frame, hears);
    };
    peer.send = (frame) => send(altered(frame, says));
    await answer(contact);
  };
}

test(
  "[JN9] a server joins under the invited name, with the pairing key and the id that it proves",
  patience,
  async (t) => {
    const other = pairingKeyText(createSigningKey());
    for (const change of [{ name: "C" }, { pairingKey: other }, { id: freshId() }]) {
      const hears = (words: Words): Words => {
        const { server } = words;
        return typeof server === "object" ? { ...words, server: { ...server, ...change } } : words;
      };
      const { system, invite } = await stage(t, altering(hears));
      assert.equal(await refusal(invite("B"), joining("B")), "invite.rejected");
      assert.equal(system.front.state().tables.servers.size, 1);
    }
  },
);

test(
  "[JN9] certificates for other keys, or for somebody else, are not believed",
  patience,
  async (t) => {
    const b = joining("B");
    let given: Words = {};
    const says = (words: Words): Words =>
      words["answer"] === "joined" ? { ...words, ...given } : words;
    const { system, invite } = await stage(
      t,
      altering((words) => words, says),
    );
    const certificateFor = (key: KeyObject, id: string): string => {
      const { tables } = system.front.state();
      const [authority] = tables.authorities.values();
      const [row] = tables.servers.values();
      assert.ok(authority && row);
      const request = createRequest(key, "B");
      const order = { authority, systemKey: system.systemKey, now: clock.now(), request };
      const issued = issueServer(order, { ...row, id: nodeId(id), name: "B" });
      assert.ok(issued.ok);
      return issued.value.certificate.toString();
    };
    const code = invite("B");
    for (const certificate of [
      certificateFor(createTlsKey(), b.server.id),
      certificateFor(b.tlsKey, freshId()),
      system.authority.toString(),
    ]) {
      given = { certificate };
      assert.equal(await refusal(code, b), "invite.bad-certificate");
    }
    given = {};
    assert.ok((await requestJoin(code, b, run)).ok);
  },
);

test("[JN5] neither secret nor system key stands in any frame", patience, async (t) => {
  const frames: Buffer[] = [];
  const tap = (answer: (contact: Contact) => Promise<void>) => async (contact: Contact) => {
    const { peer } = contact;
    const [receive, send] = [peer.receive.bind(peer), peer.send.bind(peer)];
    peer.receive = async (limit) => {
      const frame = await receive(limit);
      if (frame !== undefined) frames.push(Buffer.from(frame));
      return frame;
    };
    peer.send = (frame) => {
      frames.push(Buffer.from(frame));
      send(frame);
    };
    await answer(contact);
  };
  const { system, invite } = await stage(t, tap);
  const code = invite("B");
  assert.ok((await requestJoin(code, joining("B"), run)).ok);
  assert.equal(frames.length, 5);
  const decoded = decodeJoinCode(code.reveal(), sha256);
  assert.ok(decoded.ok);
  const all = Buffer.concat(frames).toString("latin1");
  for (const secret of [decoded.value.secret, system.systemKey.bytes.reveal()]) {
    for (const form of ["hex", "base64", "base64url", "latin1"] as const) {
      assert.equal(all.includes(Buffer.from(secret).toString(form).slice(0, 20)), false);
    }
  }
});

test("[JN5] a wrapped key opens for its key, secret, connection and servers only", () => {
  const system = aSystem(clock.now());
  const own = freshAgreementKey();
  const context = {
    exporter: randomBytes(32),
    secret: new Secret(randomBytes(16)),
    mainPairingKey: "A",
    joiningPairingKey: "B",
  };
  const wrapped = wrapSystemKey(system.systemKey, own.text, context);
  assert.ok(wrapped.ok);
  const opened = unwrapSystemKey(wrapped.value, own.key, context);
  assert.ok(opened.ok);
  assert.equal(opened.value.id, system.systemKey.id);
  for (const change of [
    { exporter: randomBytes(32) },
    { secret: new Secret(randomBytes(16)) },
    { mainPairingKey: "C" },
    { joiningPairingKey: "C" },
  ]) {
    assert.equal(unwrapSystemKey(wrapped.value, own.key, { ...context, ...change }).ok, false);
  }
  assert.equal(unwrapSystemKey(wrapped.value, freshAgreementKey().key, context).ok, false);
  assert.equal(wrapSystemKey(system.systemKey, "A".repeat(43), context).ok, false);
});

test(
  "[JN6] a server whose answer was lost gets it again with the same code",
  patience,
  async (t) => {
    let lose = true;
    const losing = (answer: (contact: Contact) => Promise<void>) => async (contact: Contact) => {
      const { peer } = contact;
      const send = peer.send.bind(peer);
      peer.send = (frame) => {
        if (!lose || !Buffer.from(frame).includes('"answer":"joined"')) send(frame);
      };
      await answer(contact);
    };
    const { system, invite } = await stage(t, losing);
    const b = joining("B");
    const code = invite("B");
    assert.equal(await refusal(code, b), "invite.broken-off");
    assert.ok(system.front.state().tables.servers.has(b.server.id));
    lose = false;
    const again = await requestJoin(code, b, run);
    assert.ok(again.ok, JSON.stringify(again));
    assert.ok(again.value.issued.certificate.checkPrivateKey(b.tlsKey));
    assert.equal(system.front.state().tables.servers.size, 2);
  },
);

test(
  "[JN7] a Main that has lost its duty, or does not answer, is told as such",
  patience,
  async (t) => {
    const { server, invite } = await stage(t, undefined, { systemKey: () => null });
    const code = invite("B");
    assert.equal(await refusal(code, joining("B")), "pair.not-main");
    await server.close();
    assert.equal(await refusal(code, joining("B")), "invite.unreachable");
  },
);

test(
  "[JN8] other words than those of a join end the conversation, and change nothing",
  patience,
  async (t) => {
    const { system, server } = await stage(t);
    for (const frame of [
      Buffer.from("{}"),
      Buffer.alloc(513),
      Buffer.from(encodeJoin({ v: 1, answer: "admitted" })),
    ]) {
      const told = await dialContact(
        { address: "127.0.0.1", port: server.port, ...run },
        async (peer) => {
          await peer.receive(unverifiedFrameBytesMax);
          peer.send(frame);
          return peer.receive(unverifiedFrameBytesMax);
        },
      );
      assert.ok(told.ok);
      assert.equal(told.value, undefined);
    }
    assert.deepEqual(system.asked(), []);
  },
);
