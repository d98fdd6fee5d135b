import assert from "node:assert/strict";
import type { KeyObject } from "node:crypto";
import { test } from "node:test";
import * as z from "zod";
import { nodeId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { decodeJoinCode } from "@gridward/core/codec/join-code";
import { encodeJoin } from "@gridward/core/codec/join-message";
import { dialContact } from "@gridward/runtime/link/dial";
import { unverifiedFrameBytesMax } from "@gridward/runtime/link/peer";
import { freshAgreementKey } from "@gridward/runtime/os/agreement";
import { sha256 } from "@gridward/runtime/os/hash";
import { freshId, randomBytes } from "@gridward/runtime/os/random";
import { createSigningKey, createTlsKey, pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { aSystem } from "../a-system.ts";
import { issueServer } from "../ca/issue.ts";
import { unwrapSystemKey, wrapSystemKey } from "./join-wrap.ts";
import { requestJoin } from "./request-join.ts";
import {
  aJoinStage,
  between,
  changed,
  clock,
  joining,
  patience,
  refusal,
  run,
} from "./a-join-stage.ts";

test(
  "[JN4] nothing is sent to a Main with another pairing key, or that cannot prove it",
  patience,
  async (t) => {
    const heard: string[] = [];
    const listening = between((frame) => {
      heard.push(String(Buffer.from(frame)));
      return frame;
    });
    const { system, invite } = await aJoinStage(t, listening);
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
    const impostor = await aJoinStage(t, () => async ({ peer }) => {
      peer.send(greeting ?? new Uint8Array(0));
      const frame = await peer.receive(unverifiedFrameBytesMax);
      if (frame !== undefined) heard.push(String(Buffer.from(frame)));
    });
    const diverted = changed(code, { port: impostor.server.port });
    assert.equal(await refusal(diverted, joining("B")), "security.untrusted-server");
    assert.deepEqual(heard, []);
    assert.equal(system.front.state().tables.invites.get("B")?.triesLeft, 5);
  },
);

test("[JN4] an authority that is not the one of the code is not believed", patience, async (t) => {
  const { invite } = await aJoinStage(t);
  const code = changed(invite("B"), { authorityHash: randomBytes(16) });
  assert.equal(await refusal(code, joining("B")), "security.untrusted-server");
});

const frameShape = z.record(z.string(), z.unknown());
type Words = Readonly<z.infer<typeof frameShape>>;

/** The frame with its words changed. */
function altered(change: (words: Words) => Words): (frame: Uint8Array) => Uint8Array {
  return (frame) => {
    const words = frameShape.parse(JSON.parse(Buffer.from(frame).toString()));
    return Buffer.from(JSON.stringify(change(words)));
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
      const { system, invite } = await aJoinStage(t, between(altered(hears)));
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
    const { system, invite } = await aJoinStage(
      t,
      between((frame) => frame, altered(says)),
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
  const keep = (frame: Uint8Array): Uint8Array => {
    frames.push(Buffer.from(frame));
    return frame;
  };
  const { system, invite } = await aJoinStage(t, between(keep, keep));
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
  "[JN8] other words than those of a join end the conversation, and change nothing",
  patience,
  async (t) => {
    const { system, server } = await aJoinStage(t);
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
