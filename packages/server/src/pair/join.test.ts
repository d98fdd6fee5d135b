import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "@gridward/core/base/secret";
import { minute, type Millis } from "@gridward/core/base/time";
import { freshRequestId, randomBytes } from "@gridward/runtime/os/random";
import { certificateNameOf } from "@gridward/runtime/trust/x509/read";
import { makeInvite } from "./invite.ts";
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
  "[JN1] a code makes a server a member: certificates of its keys, the list of servers, the system key",
  patience,
  async (t) => {
    const { system, invite } = await aJoinStage(t);
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
    const { system, invite } = await aJoinStage(t);
    const joined = await requestJoin(invite("D", "permanent"), joining("D"), run);
    assert.ok(joined.ok, JSON.stringify(joined));
    const told = joined.value.servers.map(({ name, kind }) => `${name} ${kind}`).toSorted();
    assert.deepEqual(told, ["A promotable", "D permanent"]);
    const kinds = [...system.front.state().tables.servers.values()].map(({ kind }) => kind);
    assert.deepEqual(kinds.toSorted(), ["permanent", "promotable"]);
  },
);

test(
  "[JN2] who holds the code hears that it is mistyped, expired, used up or used; nobody else does",
  patience,
  async (t) => {
    const { system, invite } = await aJoinStage(t);
    const code = invite("B");
    const wrong = changed(code, { secret: randomBytes(16) });
    assert.equal(await refusal(new Secret("hello"), joining("B")), "invite.malformed");
    const text = code.reveal();
    const typo = text.slice(0, 10) + (text[10] === "7" ? "8" : "7") + text.slice(11);
    assert.equal(await refusal(new Secret(typo), joining("B")), "invite.mistyped");
    assert.equal(await refusal(code, joining("C")), "invite.rejected");
    for (let tries = 0; tries < 5; tries++) {
      assert.equal(await refusal(wrong, joining("B")), "invite.rejected");
    }
    assert.equal(await refusal(code, joining("B")), "invite.spent");
    // Who does not know the secret does not learn that it would have been too late.
    assert.equal(await refusal(wrong, joining("B")), "invite.rejected");
    const fresh = invite("D");
    assert.ok((await requestJoin(fresh, joining("D"), run)).ok);
    const used = changed(fresh, { secret: randomBytes(16) });
    assert.equal(await refusal(used, joining("D")), "invite.rejected");
    assert.equal(await refusal(fresh, joining("D")), "invite.not-found");
    const late = invite("B");
    system.pass(15 * minute);
    assert.equal(await refusal(late, joining("B")), "invite.expired");
  },
);

test(
  "[JN11] a stranger cannot tell whether there is an invitation of a name, by words or by time",
  patience,
  async (t) => {
    const order: string[] = [];
    const sleep = async (duration: Millis): Promise<void> => {
      await clock.sleep(duration);
      order.push("waited");
    };
    const says = (frame: Uint8Array): Uint8Array => {
      if (Buffer.from(frame).includes('"answer":')) order.push("answered");
      return frame;
    };
    const listening = between((frame) => frame, says);
    const { system, invite } = await aJoinStage(t, listening, { clock: { sleep } });
    const wrong = changed(invite("B"), { secret: randomBytes(16) });
    const answers: string[] = [];
    for (const name of ["B", "C"]) {
      answers.push(JSON.stringify(await requestJoin(wrong, joining(name), run)));
    }
    assert.deepEqual(order, ["waited", "answered", "waited", "answered"]);
    assert.deepEqual(system.asked(), ["issue-invite", "spend-invite-try"]);
    assert.match(answers[0] ?? "", /invite\.rejected/);
    assert.equal(answers[1], answers[0]);
  },
);

test(
  "[JN2] a second server of the same name is refused, also with a code of its own",
  patience,
  async (t) => {
    const { system, invite } = await aJoinStage(t);
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
  const { system, invite } = await aJoinStage(t);
  const wrong = changed(invite("B"), { secret: randomBytes(16) });
  await refusal(wrong, joining("B"));
  assert.deepEqual(system.asked(), ["issue-invite", "spend-invite-try"]);
  assert.equal(system.front.state().tables.invites.get("B")?.triesLeft, 4);
});

test(
  "[JN6] a server whose answer was lost gets it again with the same code",
  patience,
  async (t) => {
    let lose = true;
    const losing = between(
      (frame) => frame,
      (frame) => (lose && Buffer.from(frame).includes('"answer":"joined"') ? undefined : frame),
    );
    const { system, invite } = await aJoinStage(t, losing);
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
    const { server, invite } = await aJoinStage(t, undefined, { systemKey: () => null });
    const code = invite("B");
    assert.equal(await refusal(code, joining("B")), "pair.not-main");
    await server.close();
    assert.equal(await refusal(code, joining("B")), "invite.unreachable");
  },
);
