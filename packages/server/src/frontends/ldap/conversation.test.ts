import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { utf8 } from "@gridward/core/base/bytes";
import { accountId } from "@gridward/core/base/identity";
import { encodeRequest } from "@gridward/core/codec/ldap/request";
import { hour } from "@gridward/core/base/time";
import { aNewPassword, anActor, aRole, serverA } from "@gridward/core/domain/fixtures";
import { roleIds } from "@gridward/core/domain/roles";
import { emptyState } from "@gridward/core/domain/state";
import {
  aBind,
  anna,
  annaDn,
  anything,
  aSearch,
  base,
  equal,
  rootDse,
  Talk,
  whoAmI,
} from "./fixtures.ts";
import { outstandingMax, unsentMax } from "./limits.ts";

test("[LDS1][FE1] nobody reads anything but root DSE and subschema before signing in", async () => {
  const talk = new Talk();
  assert.equal((await talk.ask(rootDse())).code, "success");
  const subschema = aSearch(anything, { base: "cn=subschema", scope: "base", attributes: ["+"] });
  const { entries } = await talk.ask(subschema);
  assert.ok((entries[0]?.attributes["objectClasses"]?.length ?? 0) > 10);
  for (const search of [
    aSearch(anything),
    aSearch(anything, { base: "", scope: "subtree" }),
    aSearch(anything, { base: annaDn, scope: "base" }),
    aSearch(anything, { base: "dc=elsewhere", scope: "base" }),
  ]) {
    const asked = await talk.ask(search);
    assert.deepEqual([asked.code, asked.entries], ["insufficientAccessRights", []]);
  }
  const compare = { kind: "compare", entry: annaDn, attribute: "cn", value: "Anna" } as const;
  assert.equal((await talk.ask(compare)).code, "insufficientAccessRights");
  assert.deepEqual(await talk.ask(whoAmI), {
    code: "success",
    message: "",
    matched: "",
    entries: [],
    value: "",
  });
});

test("[LDS2][FE1] the root DSE, as SSSD asks for it", async () => {
  const { entries } = await new Talk().ask(
    rootDse(
      "*",
      "altServer",
      "namingContexts",
      "supportedControl",
      "supportedExtension",
      "supportedFeatures",
      "supportedLDAPVersion",
      "supportedSASLMechanisms",
      "domainControllerFunctionality",
      "defaultNamingContext",
      "lastUSN",
      "highestCommittedUSN",
    ),
  );
  assert.deepEqual(entries, [
    {
      dn: "",
      attributes: {
        objectClass: ["top"],
        namingContexts: [base],
        supportedLDAPVersion: ["3"],
        supportedExtension: ["1.3.6.1.4.1.4203.1.11.3"],
        supportedSASLMechanisms: ["EXTERNAL"],
        supportedFeatures: ["1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.3"],
      },
    },
  ]);
});

test("[LDS3][FE1] a bind hands login name, password and address to the pipeline", async () => {
  const talk = new Talk();
  assert.equal((await talk.ask(aBind(`UID=anna, OU=People, ${base}`, "right"))).code, "success");
  const [attempt] = talk.attempts;
  assert.deepEqual(
    [attempt?.door, attempt?.name, attempt?.password?.reveal(), attempt?.source],
    ["ldap", "anna", "right", "192.0.2.7"],
  );
  assert.equal((await talk.ask(whoAmI)).value, `dn:${annaDn}`);
});

test("[LDS3][AM10] unknown, wrong and outside the people's branch sound the same", async () => {
  const talk = new Talk();
  const refusals = [
    await talk.ask(aBind(annaDn, "wrong")),
    await talk.ask(aBind(`uid=nobody,ou=people,${base}`, "right")),
    await talk.ask(aBind(`cn=admin,${base}`, "right")),
    await talk.ask(aBind("uid=anna,ou=people,dc=elsewhere", "right")),
    await talk.ask(aBind(`uid=anna+cn=x,ou=people,${base}`, "right")),
  ];
  for (const refusal of refusals) assert.deepEqual(refusal, refusals[0]);
  assert.equal(refusals[0]?.code, "invalidCredentials");
  assert.equal(talk.attempts.length, refusals.length, "each did the pipeline's work");
});

test("[LDS3] what is no simple bind of version 3 is refused as RFC 4511 says", async () => {
  const talk = new Talk();
  const codeOf = async (request: Parameters<Talk["ask"]>[0]): Promise<unknown> =>
    (await talk.ask(request)).code;
  const bind = aBind(annaDn, "right");
  assert.equal(await codeOf({ ...bind, version: 2 }), "protocolError");
  const sasl = { kind: "sasl", mechanism: "DIGEST-MD5", initial: null } as const;
  assert.equal(await codeOf({ ...bind, credential: sasl }), "authMethodNotSupported");
  assert.equal(await codeOf(aBind("anna", "right")), "invalidDnSyntax");
  assert.equal(await codeOf(aBind("", "right")), "invalidCredentials");
  assert.equal(await codeOf(aBind("", "")), "success");
  assert.equal(talk.attempts.length, 0);
});

test("[LDS3] a sign-in that admits only to a change of password is none here", async () => {
  const talk = new Talk();
  const password = aNewPassword("other");
  talk.world.must({ kind: "set-password", id: anna, password, mustChange: true });
  assert.equal((await talk.ask(aBind(annaDn, "right"))).code, "invalidCredentials");
});

test("[LDS4] a name with an empty password is refused, never an anonymous success", async () => {
  const talk = new Talk();
  assert.equal((await talk.ask(aBind(annaDn, ""))).code, "unwillingToPerform");
  assert.equal(talk.attempts.length, 0);
});

test("[LDS5][FE1] a server that cannot sign in says unavailable, never no such object", async () => {
  const talk = new Talk();
  talk.world.state = emptyState;
  talk.condition = { canSignIn: false, state: "blank" };
  for (const request of [
    aBind(annaDn, "right"),
    aSearch(equal("uid", "anna")),
    aSearch(anything, { base: annaDn, scope: "base" }),
    aSearch(anything, { base: "cn=Subschema", scope: "base" }),
    whoAmI,
    { kind: "compare", entry: annaDn, attribute: "cn", value: "Anna" } as const,
  ]) {
    assert.equal((await talk.ask(request)).code, "unavailable", JSON.stringify(request));
  }
  assert.equal(talk.attempts.length, 0);
  const asked = await talk.ask(rootDse("+"));
  assert.equal(asked.code, "success");
  assert.equal(asked.entries[0]?.attributes["namingContexts"], undefined);
});

test("[LDS5] a server that turns unavailable stops answering who is signed in", async () => {
  const talk = await new Talk().signIn("anna");
  talk.condition = { canSignIn: false, state: "fenced" };
  assert.equal((await talk.ask(aSearch(equal("uid", "anna")))).code, "unavailable");
});

test("[LDS6] a failed bind leaves the connection anonymous", async () => {
  const talk = await new Talk().signIn("anna");
  await talk.ask(aBind(annaDn, "wrong"));
  assert.equal((await talk.ask(whoAmI)).value, "");
  assert.equal((await talk.ask(aSearch(anything))).code, "insufficientAccessRights");
});

test("[LDS6] a bind that cannot be judged leaves the connection anonymous too", async () => {
  const talk = await new Talk().signIn("anna");
  talk.condition = { canSignIn: false };
  assert.equal((await talk.ask(aBind(annaDn, "right"))).code, "unavailable");
  talk.condition = {};
  assert.equal((await talk.ask(whoAmI)).value, "");
});

test("[LDS6] a sign-in ends when its account is disabled, deleted or gets a new password", async () => {
  for (const end of ["disable-account", "delete-account", "change-password"] as const) {
    const talk = await new Talk().signIn("anna");
    const password = aNewPassword("other");
    talk.world.must(
      end === "change-password" ? { kind: end, id: anna, password } : { kind: end, id: anna },
      end === "change-password" ? { actor: anActor("anna") } : {},
    );
    const asked = await talk.ask(aSearch(equal("uid", "admin")));
    assert.deepEqual([asked.code, asked.entries], ["insufficientAccessRights", []], end);
  }
});

const aClient = { fingerprint: "0".repeat(64), names: [], text: "CN=anna", account: anna };

/** A promise to hold a sign-in back with, and how to let it go. */
function aGate(): { readonly closed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { closed: promise, open: () => resolve(undefined) };
}

test("[LDS24] a source that signs in by certificate too often is told to wait, and nothing is judged", async () => {
  const talk = new Talk();
  talk.client = { verdict: "ok", client: aClient };
  talk.tries = 2;
  const credential = { kind: "sasl", mechanism: "EXTERNAL", initial: null } as const;
  const external = { kind: "bind", version: 3, name: "", credential } as const;
  const codes: unknown[] = [];
  for (let time = 0; time < 4; time++) codes.push((await talk.ask(external)).code);
  assert.deepEqual(codes.slice(2), ["busy", "busy"]);
  assert.equal(talk.attempts.length, 2);
  assert.equal((await talk.ask(aBind(annaDn, "right"))).code, "success");
});

test("[LDS7] what comes after a bind waits for it", async () => {
  const talk = new Talk();
  const gate = aGate();
  talk.gate = gate.closed;
  const first = talk.send(aBind(annaDn, "right"), whoAmI);
  assert.deepEqual(talk.take(), []);
  gate.open();
  const answers = await talk.answers();
  assert.deepEqual(
    answers.map(({ id }) => id),
    [first, first + 1],
  );
});

test("[LDS7] a bind cannot be abandoned, what waits behind it can", async () => {
  const talk = new Talk();
  const gate = aGate();
  talk.gate = gate.closed;
  const bind = talk.send(aBind(annaDn, "right"), whoAmI, aBind("", ""));
  for (const abandonedId of [bind, bind + 1, bind + 2]) talk.send({ kind: "abandon", abandonedId });
  gate.open();
  const answers = await talk.answers();
  assert.deepEqual(
    answers.map(({ id }) => id),
    [bind, bind + 2],
  );
});

test("[LDS7] unbind during a bind ends the connection at once", async () => {
  const talk = new Talk();
  const gate = aGate();
  talk.gate = gate.closed;
  talk.send(aBind(annaDn, "right"));
  talk.send({ kind: "unbind" });
  assert.equal(talk.isEnded, true);
  gate.open();
  assert.deepEqual(await talk.answers(), []);
});

test("[LDS17] writes, unknown operations and unknown critical controls are refused", async () => {
  const talk = await new Talk().signIn("anna");
  for (const kind of ["modify", "add", "delete", "modify-dn"] as const) {
    assert.equal((await talk.ask({ kind })).code, "unwillingToPerform");
  }
  const extended = async (oid: string): Promise<unknown> =>
    (await talk.ask({ kind: "extended", oid, value: null })).code;
  assert.equal(await extended("1.3.6.1.4.1.4203.1.11.1"), "unwillingToPerform");
  assert.equal(await extended("1.3.6.1.4.1.1466.20037"), "operationsError");
  assert.equal(await extended("1.2.3.4"), "protocolError");
  const control = { oid: "1.2.840.113556.1.4.319", isCritical: true, value: null };
  const search = aSearch(equal("uid", "anna"));
  assert.equal((await talk.ask(search, [control])).code, "unavailableCriticalExtension");
  assert.equal((await talk.ask(search, [{ ...control, isCritical: false }])).code, "success");
  assert.equal((await talk.ask(whoAmI)).value, `dn:${annaDn}`, "and nobody was signed out");
});

test("[LDS19] all answers to one piece of input leave in one write, in order", async () => {
  const talk = await new Talk().signIn("anna");
  talk.take();
  const writes = talk.written.length;
  const search = aSearch(equal("uid", "anna"));
  const first = talk.send(search, whoAmI, search, rootDse(), { kind: "modify" });
  assert.equal(talk.written.length, writes + 1);
  const ids = talk.take().map(({ id }) => id - first);
  assert.deepEqual(ids, [0, 0, 1, 2, 2, 3, 3, 4]);
});

test("[LDS20] beyond 64 waiting operations the connection is not read from", async () => {
  const talk = new Talk();
  const gate = aGate();
  talk.gate = gate.closed;
  talk.send(aBind(annaDn, "right"));
  talk.send(...Array.from({ length: outstandingMax - 1 }, () => whoAmI));
  assert.equal(talk.isPaused, false);
  const last = talk.send(whoAmI, whoAmI, { kind: "unbind" });
  assert.equal(talk.isPaused, true);
  assert.equal(talk.isEnded, false, "what comes after them is not even looked at");
  gate.open();
  const answers = await talk.answers();
  assert.equal(answers.at(-1)?.id, last + 1);
  assert.equal(talk.isEnded, true);
});

test("[LDS19] what was asked before an unbind is answered before the end", async () => {
  const talk = await new Talk().signIn("anna");
  talk.send(aSearch(equal("uid", "anna")), { kind: "unbind" });
  assert.deepEqual([talk.take().length, talk.isEnded], [2, true]);
});

test("[LDS20] who does not take its answers gets no more of them until it does", async () => {
  const talk = await new Talk().signIn("anna");
  talk.unsent = unsentMax;
  talk.send(whoAmI, whoAmI);
  assert.deepEqual(talk.take(), []);
  assert.equal(talk.isPaused, true);
  talk.unsent = 0;
  talk.conversation.drained();
  assert.equal(talk.take().length, 2);
  assert.equal(talk.isPaused, false);
});

test("[LDS21] bytes that are no LDAP get a notice of disconnection and the end", () => {
  for (const bytes of [
    utf8("GET / HTTP/1.1\r\n\r\n"),
    Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x01),
    Uint8Array.of(0x30, 0x80, 0x00, 0x00),
  ]) {
    const talk = new Talk();
    talk.conversation.receive(bytes);
    const [notice, ...more] = talk.take();
    assert.ok(notice?.id === 0 && notice.response.kind === "extended");
    assert.equal(notice.response.oid, "1.3.6.1.4.1.1466.20036");
    assert.equal(notice.response.result.code, 2);
    assert.deepEqual([more.length, talk.isEnded, talk.notes.length], [0, true, 1]);
    talk.conversation.receive(bytes);
    assert.deepEqual(talk.take(), []);
  }
});

test("[LDS21] a malformed operation gets protocolError, and the next one its answer", async () => {
  const talk = new Talk();
  const malformed = Uint8Array.of(0x30, 0x07, 0x02, 0x01, 0x05, 0x63, 0x02, 0x04, 0x00);
  talk.conversation.receive(malformed);
  const [answer] = talk.take();
  assert.ok(answer?.id === 5 && answer.response.kind === "search");
  assert.equal(answer.response.result.code, 2);
  assert.equal((await talk.ask(whoAmI)).code, "success");
});

test("[LDS21] no bytes make a conversation throw", async () => {
  const requests = [aBind("", ""), whoAmI, rootDse("*", "+"), aSearch(equal("uid", "anna"))];
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(fc.constantFrom(...requests), fc.nat(60), fc.nat(255))
      .map(([request, place, octet]) => {
        const bytes = encodeRequest({ id: 1, request, controls: [] });
        if (place < bytes.length) bytes[place] = octet;
        return bytes;
      }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(noise, { maxLength: 5 }), async (chunks) => {
      const talk = new Talk();
      for (const chunk of chunks) talk.conversation.receive(chunk);
      await Promise.resolve();
    }),
    { numRuns: 200 },
  );
});

test("[LDS6][AM10] a sign-in ends when its account is locked, or past the dates of all its roles", async () => {
  const isIn = async (talk: Talk): Promise<boolean> => (await talk.ask(whoAmI)).value !== "";
  const locked = await new Talk().signIn("anna");
  locked.world.must(
    { kind: "lock-account", id: anna, until: locked.now + hour },
    { actor: serverA },
  );
  assert.equal(await isIn(locked), false);
  const ended = new Talk();
  const roles = [aRole(roleIds.OPERATOR, { notAfter: ended.now + hour })];
  ended.world.must({ kind: "update-account", id: anna, roles });
  await ended.signIn("anna");
  assert.equal(await isIn(ended), true);
  ended.now += hour;
  assert.equal(await isIn(ended), false);
});

test("[LDS6] an account that is gone and comes back under its name is another one", async () => {
  const talk = await new Talk().signIn("anna");
  talk.world.must({ kind: "delete-account", id: anna });
  assert.equal(talk.world.state.tables.accounts.has(accountId("anna")), false);
  assert.equal((await talk.ask(whoAmI)).value, "");
});
