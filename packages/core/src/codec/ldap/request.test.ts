import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import * as fc from "fast-check";
import { type Bytes, utf8 } from "../../base/bytes.ts";
import { Secret } from "../../base/secret.ts";
import { berTags, encodeBer, encodeBerInteger } from "../ber.ts";
import type { LdapFilter } from "./filter.ts";
import { ldapFilterDepthMax } from "./limits.ts";
import { encodeEnvelope, type LdapControl } from "./message.ts";
import { decodeRequest, encodeRequest, type LdapMessage, type LdapRequest } from "./request.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const value = fc.option(text, { nil: undefined });
const piece = fc.oneof(value, fc.constant(null));

const { filter } = fc.letrec<{ filter: LdapFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("present" as const), attribute: text }),
    fc.record({
      kind: fc.constantFrom("equal", "greater-or-equal", "less-or-equal", "approximate"),
      attribute: text,
      value,
    }),
    fc
      .record({
        kind: fc.constant("substrings" as const),
        attribute: text,
        initial: piece,
        any: fc.array(value, { maxLength: 3 }),
        final: piece,
      })
      .filter(({ initial, any, final }) => initial !== null || any.length > 0 || final !== null),
    fc
      .record({
        kind: fc.constant("extensible" as const),
        rule: fc.option(text),
        attribute: fc.option(text),
        value,
        withDnAttributes: fc.boolean(),
      })
      .filter(({ rule, attribute }) => rule !== null || attribute !== null),
    fc.record({
      kind: fc.constantFrom("and", "or"),
      filters: fc.array(tie("filter"), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("not" as const), filter: tie("filter") }),
  ),
}));

const octets = fc.uint8Array({ maxLength: 40 });
const request: fc.Arbitrary<LdapRequest> = fc.oneof(
  fc.record({
    kind: fc.constant("bind" as const),
    version: fc.nat(127),
    name: text,
    credential: fc.oneof(
      octets.map((bytes) => ({ kind: "simple" as const, password: new Secret<Bytes>(bytes) })),
      fc.record({
        kind: fc.constant("sasl" as const),
        mechanism: text,
        initial: fc.option(octets.map((bytes) => new Secret<Bytes>(bytes))),
      }),
    ),
  }),
  fc.record({
    kind: fc.constant("search" as const),
    base: text,
    scope: fc.constantFrom("base", "one", "subtree"),
    sizeLimit: fc.nat(2_147_483_647),
    timeLimitSeconds: fc.nat(2_147_483_647),
    typesOnly: fc.boolean(),
    filter,
    attributes: fc.array(text, { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant("compare" as const), entry: text, attribute: text, value }),
  fc.record({ kind: fc.constant("abandon" as const), abandonedId: fc.nat(2_147_483_647) }),
  fc.record({ kind: fc.constant("extended" as const), oid: text, value: fc.option(octets) }),
  fc.record({ kind: fc.constantFrom("unbind", "modify", "add", "delete", "modify-dn") }),
);
const control: fc.Arbitrary<LdapControl> = fc.record({
  oid: text,
  isCritical: fc.boolean(),
  value: fc.option(octets),
});
const message: fc.Arbitrary<LdapMessage> = fc.record({
  id: fc.integer({ min: 1, max: 2_147_483_647 }),
  request,
  controls: fc.array(control, { maxLength: 4 }),
});

/** Secrets do not compare; their octets do. */
function open(decoded: LdapMessage): unknown {
  if (decoded.request.kind !== "bind" || decoded.request.credential.kind !== "simple") {
    return plain(decoded);
  }
  return [plain(decoded), Array.from(decoded.request.credential.password.reveal())];
}

function plain(decoded: LdapMessage): unknown {
  return JSON.parse(
    JSON.stringify(decoded, (_, member: unknown) => {
      if (member === undefined) return "undefined";
      return member instanceof Uint8Array ? Array.from(member) : member;
    }),
  );
}

function refusalOf(bytes: Bytes): unknown {
  const decoded = decodeRequest(bytes);
  return decoded.ok ? decoded.value : decoded.error;
}

function searchWith(filterOfSearch: LdapFilter): Bytes {
  return encodeRequest({
    id: 9,
    request: {
      kind: "search",
      base: "",
      scope: "base",
      sizeLimit: 0,
      timeLimitSeconds: 0,
      typesOnly: false,
      filter: filterOfSearch,
      attributes: [],
    },
    controls: [],
  });
}

function negated(times: number): LdapFilter {
  let deep: LdapFilter = { kind: "present", attribute: "cn" };
  for (let depth = 0; depth < times; depth++) deep = { kind: "not", filter: deep };
  return deep;
}

test("[LDAP1] every request decodes to what was encoded", () => {
  fc.assert(
    fc.property(message, (sent) => {
      const received = decodeRequest(encodeRequest(sent));
      assert.ok(received.ok, JSON.stringify(received));
      assert.deepEqual(open(received.value), open(sent));
    }),
    { numRuns: 1_000 },
  );
});

test("[LDAP1] the first bytes of ldapsearch, as OpenLDAP's client writes them", () => {
  const hex =
    "303e0201016339" +
    "04000a01000a0100020100020100010100870b6f626a656374436c617373" +
    "30190417737570706f727465645341534c4d656368616e69736d73";
  assert.deepEqual(refusalOf(Buffer.from(hex, "hex")), {
    id: 1,
    request: {
      kind: "search",
      base: "",
      scope: "base",
      sizeLimit: 0,
      timeLimitSeconds: 0,
      typesOnly: false,
      filter: { kind: "present", attribute: "objectClass" },
      attributes: ["supportedSASLMechanisms"],
    },
    controls: [],
  });
});

test("[LDAP2] an envelope that cannot be read ends the session (RFC 4511 §4.1.1)", () => {
  const unknownOperation = encodeEnvelope(1, encodeBer(0x7e));
  const withoutId = encodeBer(berTags.sequence, encodeBer(0x42));
  const notice = encodeEnvelope(0, encodeBer(0x42));
  const negative = encodeBer(
    berTags.sequence,
    encodeBerInteger(berTags.integer, -1),
    encodeBer(0x42),
  );
  for (const bytes of [unknownOperation, withoutId, notice, negative, utf8("GET / HTTP/1.1")]) {
    const decoded = decodeRequest(bytes);
    assert.equal(decoded.ok ? "decoded" : decoded.error.kind, "disconnect");
  }
});

test("[LDAP3] an operation that cannot be read is answered, and the session goes on", () => {
  const nonsense = encodeEnvelope(5, encodeBer(0x63, encodeBer(0x04)));
  assert.deepEqual(refusalOf(nonsense), {
    kind: "answer",
    id: 5,
    request: "search",
    detail: "malformed filter",
  });
});

test("[LDAP4] a filter may nest to its limit and no deeper", () => {
  assert.ok(decodeRequest(searchWith(negated(ldapFilterDepthMax - 1))).ok);
  assert.deepEqual(refusalOf(searchWith(negated(ldapFilterDepthMax))), {
    kind: "answer",
    id: 9,
    request: "search",
    detail: "filter nested too deeply",
  });
});

test("[LDAP4] 83 kB of nested NOT are refused by depth, not by the stack", () => {
  let deep: Bytes = encodeBer(0x87, utf8("cn"));
  for (let depth = 0; depth < 20_000; depth++) deep = encodeBer(0xa2, deep);
  const refusal = decodeRequest(encodeEnvelope(1, encodeBer(0x63, deep)));
  assert.deepEqual(refusal, {
    ok: false,
    error: { kind: "disconnect", detail: "not BER as LDAP uses it: nested too deeply" },
  });
});

test("[LDAP5] a password is a secret from its first byte on", () => {
  const decoded = decodeRequest(
    encodeRequest({
      id: 1,
      request: {
        kind: "bind",
        version: 3,
        name: "uid=anna",
        credential: { kind: "simple", password: new Secret<Bytes>(utf8("Hunter2!")) },
      },
      controls: [],
    }),
  );
  assert.ok(decoded.ok);
  assert.ok(!JSON.stringify(decoded.value).includes("Hunter2!"));
  assert.ok(JSON.stringify(decoded.value).includes("[secret]"));
});

test("[LDAP6] no bytes make the decoder throw, hang or grow: a million in a watched worker", async () => {
  const modules = ["request", "response", "framer", "dn"].map(
    (name) => new URL(`./${name}.ts`, import.meta.url).href,
  );
  const seeds = fc.sample(message, 200).map((sample) => encodeRequest(sample));
  const worker = new Worker(anyBytes, { eval: true, workerData: { modules, seeds } });
  const ended = new Promise<string>((resolve) => {
    worker.once("message", (outcome: string) => resolve(outcome));
    worker.once("error", (error) => resolve(String(error)));
  });
  const watchdog = new Promise<string>((resolve) => {
    setTimeout(() => resolve("hangs"), 30_000).unref();
  });
  const ending = await Promise.race([ended, watchdog]);
  await worker.terminate();
  assert.equal(ending, "survived");
});

/** JavaScript for the worker: mutated messages and plain noise into every decoder of the folder. */
const anyBytes = `
const { parentPort, workerData } = require("node:worker_threads");
Promise.all(workerData.modules.map((url) => import(url))).then(
  ([{ decodeRequest }, { decodeResponse }, { LdapFramer }, { parseDn }]) => {
    let seed = 20_261_122;
    const random = (below) => ((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31), seed % below);
    let octets = 0;
    while (octets < 1_000_000) {
      const base = workerData.seeds[random(workerData.seeds.length)];
      const bytes = random(4) === 0
        ? Uint8Array.from({ length: random(300) }, () => random(256))
        : Uint8Array.from(base);
      for (let change = random(4); change >= 0 && bytes.length > 0; change--) {
        bytes[random(bytes.length)] = random(256);
      }
      octets += bytes.length;
      decodeRequest(bytes);
      decodeResponse(bytes);
      parseDn(String.fromCharCode(...bytes));
      const framer = new LdapFramer();
      if (framer.push(bytes).ok) framer.push(bytes);
    }
    parentPort.postMessage("survived");
  },
).catch((error) => parentPort.postMessage(String(error)));
`;
