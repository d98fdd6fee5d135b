import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { sealEntry } from "./entry-hash.ts";
import { origin, type Entry } from "./entry.ts";
import { aStation, anActor } from "./fixtures.ts";
import { nodeId, requestId } from "../base/identity.ts";
import { parseEntry } from "./parse-entry.ts";
import type { Fact } from "./fact.ts";

function anEntry(facts: readonly Fact[] = []): Entry {
  const content = {
    at: 1,
    actor: anActor("admin"),
    requestId: requestId("request"),
    kind: "made-for-a-test",
    facts,
    answer: { id: "x", count: 1 },
  };
  const place = { node: nodeId("A"), term: 1, start: 1, previous: origin };
  return sealEntry(content, place, () => new Uint8Array(32));
}

test("[JE1] every fact of a station's life comes through as it is", () => {
  const station = aStation();
  const { accounts, groups, policies, certificates, servers, authorities, system } =
    station.state.tables;
  const facts: readonly Fact[] = [
    ...[...accounts.values()].map((account) => ({ kind: "account-created", account }) as const),
    ...[...groups.values()].map((group) => ({ kind: "group-created", group }) as const),
    ...[...policies.values()].map((policy) => ({ kind: "policy-set", policy }) as const),
    ...[...certificates.values()].map(
      (certificate) => ({ kind: "certificate-issued", certificate }) as const,
    ),
    ...[...servers.values()].map((server) => ({ kind: "server-joined", server }) as const),
    ...[...authorities.values()].map(
      (authority) => ({ kind: "authority-created", authority }) as const,
    ),
    ...[...system.values()].map((row) => ({ kind: "system-created", system: row }) as const),
  ];
  assert.ok(facts.length > 8);
  const entry = anEntry(facts);
  const parsed = parseEntry(JSON.parse(JSON.stringify(entry)));
  assert.deepEqual(parsed, { ok: true, value: entry });
});

test("[JE2] a member too many, too few, of another type or out of bounds is refused", () => {
  const entry = anEntry([{ kind: "invite-used", name: "B" }]);
  const wrong: readonly unknown[] = [
    { ...entry, more: 1 },
    { ...entry, hash: undefined },
    { ...entry, seq: 1.5 },
    { ...entry, at: -1 },
    { ...entry, hash: "ABC" },
    { ...entry, answer: { id: {} } },
    { ...entry, answer: { secret: "x" } },
    { ...entry, actor: { ...entry.actor, door: "window" } },
    { ...entry, facts: {} },
    { ...entry, facts: [{ kind: "invite-used", name: "B", more: 1 }] },
    { ...entry, facts: [{ kind: "invite-used" }] },
    { ...entry, facts: [{ kind: "invite-used", name: 7 }] },
    { ...entry, facts: [{ kind: "toString" }] },
    { ...entry, facts: [null] },
    JSON.parse(JSON.stringify(entry).replace("{", '{"__proto__":1,')),
    { ...entry, facts: [{ kind: "invite-used", name: "B".repeat(2_000) }] },
    { ...entry, facts: Array.from({ length: 20_001 }, () => entry.facts[0]) },
  ];
  for (const json of wrong) {
    assert.equal(parseEntry(json).ok, false, JSON.stringify(json).slice(0, 90));
  }
  assert.ok(parseEntry(entry).ok);
});

test("[JE3] no value makes it throw, and no entry with one value exchanged", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (value) => !parseEntry(value).ok),
  );
  const members = Object.keys(anEntry());
  fc.assert(
    fc.property(fc.constantFrom(...members), fc.jsonValue(), (member, value) => {
      parseEntry({ ...anEntry(), [member]: value });
      parseEntry({ ...anEntry(), facts: [value, { kind: "password-set", password: value }] });
    }),
  );
});
