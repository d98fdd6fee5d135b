import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { is } from "immutable";
import { accountId, deviceId, groupId, requestId, sealed } from "../base/identity.ts";
import { Defect } from "../base/result.ts";
import { hour } from "../base/time.ts";
import { canAdminister } from "./administrators.ts";
import { advance, applyChanges, changesOfEntry, loadRows } from "./apply.ts";
import { changesOf } from "./changes-of.ts";
import type { Command } from "./command.ts";
import { digestAfter, digestOf, emptyDigest } from "./digest.ts";
import {
  aNewPassword,
  anAccountRow,
  anActor,
  aRole,
  aStation,
  aSystem,
  createAccount,
  createSystem,
  noon,
  owner,
  serverA,
  World,
} from "./fixtures.ts";
import { roleIds } from "./roles.ts";
import { emptyState } from "./state.ts";
import { allRows, tableNames } from "./tables.ts";
import type { AccountRow, RowChange } from "./types.ts";

function sha256(content: Uint8Array | string): Uint8Array {
  return createHash("sha256").update(content).digest();
}

const name = fc.constantFrom("admin", "anna", "berta", "carl");
const account = name.map((text) => accountId(text));
const group = fc.constantFrom("bay1", "bay2").map((text) => groupId(text));
const someRoles = fc.subarray([
  aRole(roleIds.OPERATOR),
  aRole(roleIds.SECADM),
  aRole(roleIds.ADMINISTRATOR, { notAfter: noon + hour }),
]);
const device = fc.constantFrom("Q01", "Q02").map((text) => deviceId(text));

const command: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({
      id: account,
      name,
      roles: someRoles,
      groups: fc.uniqueArray(group),
      hasPassword: fc.boolean(),
    })
    .map(({ hasPassword, ...rest }) =>
      createAccount(rest.name, { ...rest, password: hasPassword ? aNewPassword() : null }),
    ),
  fc.record({ kind: fc.constant("update-account" as const), id: account, roles: someRoles }),
  fc.record({ id: account, groups: fc.uniqueArray(group), enabled: fc.boolean() }).map((one) => ({
    kind: "change-accounts" as const,
    id: `set of ${one.id}`,
    what: "bulk" as const,
    changes: [{ kind: "update" as const, seen: noon, ...one }],
  })),
  account.map((id) => ({ kind: "undo-change-set" as const, id: `set of ${id}` })),
  fc.record({
    kind: fc.constantFrom(
      "enable-account" as const,
      "disable-account" as const,
      "delete-account" as const,
      "unlock-account" as const,
    ),
    id: account,
  }),
  account.map((id) => ({ kind: "lock-account" as const, id, until: noon + hour })),
  account.map((id) => ({
    kind: "set-password" as const,
    id,
    password: aNewPassword("set"),
    mustChange: false,
  })),
  account.map((id) => ({
    kind: "issue-code" as const,
    id,
    verifier: sealed("code"),
    expiresAt: noon + hour,
  })),
  group.map((id) => ({ kind: "create-group" as const, id, name: id, description: "" })),
  group.map((id) => ({ kind: "delete-group" as const, id })),
  fc.record({
    kind: fc.constantFrom(
      "join-group" as const,
      "leave-group" as const,
      "deny-in-group" as const,
      "lift-deny-in-group" as const,
      "admit-administrator" as const,
    ),
    id: group,
    account,
  }),
  fc.record({ group, device }).map(({ group: to, device: id }) => ({
    kind: "register-devices" as const,
    group: to,
    devices: [{ id, name: id, manufacturer: "", type: "", accessPoints: [], area: "*" }],
  })),
  fc.record({
    kind: fc.constant("set-replication" as const),
    id: device,
    enabled: fc.boolean(),
  }),
  fc.constantFrom("s1", "s2").map((id) => ({
    kind: "end-session" as const,
    id,
    expiresAt: noon + hour,
  })),
);

function actorFor(kind: Command["kind"]): typeof serverA {
  return kind === "lock-account" || kind === "end-session" ? serverA : anActor("admin");
}

test("[AP1][DG1][AC4] random commands never break indexes, digest, unique names or the last SECADM", () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 30, maxLength: 60, size: "max" }), (commands) => {
      const world = aStation();
      world.must(createAccount("berta", { roles: [aRole(roleIds.SECADM)] }));
      let digest = digestOf(world.state, sha256);
      for (const one of commands) {
        const before = world.state;
        const decision = world.submit(one, { actor: actorFor(one.kind) });
        if (!decision.ok) continue;
        const entry = world.last;
        assert.ok(entry !== undefined);
        digest = digestAfter(digest, before, changesOfEntry(before, entry), sha256);
      }
      assert.equal(digest, digestOf(world.state, sha256));
      const rebuilt = loadRows(allRows(world.state));
      assert.ok(is(rebuilt.accountsByName, world.state.accountsByName));
      assert.ok(is(rebuilt.membersByGroup, world.state.membersByGroup));
      assert.ok(is(rebuilt.requestsById, world.state.requestsById));
      const accounts = [...world.state.tables.accounts.values()];
      assert.equal(new Set(accounts.map((each) => each.name)).size, accounts.length);
      assert.ok(accounts.some((each) => canAdminister(world.state, each, noon)));
    }),
    { numRuns: 100 },
  );
});

test("[AP2] a fact about a row that does not exist is a defect", () => {
  const { state } = aSystem();
  const id = accountId("nobody");
  assert.throws(() => changesOf(state, { kind: "account-disabled", id }, noon), Defect);
  const used = { kind: "invite-used", name: "B" } as const;
  assert.throws(() => changesOf(state, used, noon), Defect);
});

test("[AP3] tables that an entry does not touch stay the same object", () => {
  const world = aStation();
  const before = world.state;
  world.must({ kind: "disable-account", id: world.anna });
  const after = world.state;
  const changed = tableNames.filter((table) => before.tables[table] !== after.tables[table]);
  assert.deepEqual(changed, ["accounts", "requests"]);
  assert.equal(before.membersByGroup, after.membersByGroup);
});

test("[AP4] the ring of requests keeps the newest 16,384", () => {
  const rows = Array.from({ length: 16_385 }, (_, index) => {
    const id = requestId(`r${index + 1}`);
    const row = { requestId: id, by: "account a", seq: index + 1, answer: {} };
    return { table: "requests", key: String((index + 1) % 16_384), row } as const;
  });
  const state = applyChanges(emptyState, rows);
  assert.equal(state.tables.requests.size, 16_384);
  assert.equal(state.requestsById.size, 16_384);
  assert.equal(state.requestsById.has(requestId("r1")), false);
  assert.equal(state.requestsById.has(requestId("r16385")), true);
});

test("[AP5][AM4] memberships, denials and admissions end with the account and with the group", () => {
  const world = aStation();
  const roles = [aRole(roleIds.SECAUD)];
  world.must(createAccount("berta", { roles, groups: [world.group] }));
  const berta = accountId("berta");
  world.must({ kind: "admit-administrator", id: world.group, account: berta });
  world.must({ kind: "deny-in-group", id: world.group, account: berta });
  world.must({ kind: "delete-account", id: berta });
  const bay = world.state.tables.groups.get(world.group);
  assert.deepEqual([bay?.deny, bay?.administrators], [[], []]);
  assert.deepEqual([...(world.state.membersByGroup.get(world.group)?.keys() ?? [])], ["anna"]);
  world.must({ kind: "delete-group", id: world.group });
  assert.deepEqual(world.account("anna").groups, []);
  assert.equal(world.state.membersByGroup.size, 0);
});

test("[AP6] ended sessions are forgotten when they would be over anyway", () => {
  const world = aSystem();
  const end = (id: string, at: number): void => {
    world.must({ kind: "end-session", id, expiresAt: at + hour }, { at });
  };
  end("first", noon);
  end("second", noon + hour / 2);
  end("third", noon + hour);
  const kept = [...world.state.tables.endedSessions.keys()];
  assert.deepEqual(kept.toSorted(), ["second", "third"]);
});

test("[AP7] 50,000 accounts are loaded in one pass", () => {
  const accounts = Array.from({ length: 50_000 }, (_, index): AccountRow => {
    const id = `account ${index}`;
    return anAccountRow({ id: accountId(id), name: id, groups: [groupId(`g${index % 100}`)] });
  });
  function* rows(): Generator<RowChange> {
    for (const row of accounts) yield { table: "accounts", key: row.id, row };
  }
  const state = loadRows(rows());
  assert.equal(state.accountsByName.size, 50_000);
  assert.equal(state.membersByGroup.get("g7")?.size, 500);
});

test("[DG2] every table counts", () => {
  const { state } = aStation();
  const whole = digestOf(state, sha256);
  for (const change of allRows(state)) {
    const without: RowChange = { ...change, row: null };
    const after = digestAfter(whole, state, [without], sha256);
    assert.notEqual(after, whole, change.table);
    assert.equal(after, digestOf(applyChanges(state, [without]), sha256), change.table);
  }
});

test("[DG3] order does not count, and the last value of a row does", () => {
  const { state } = aStation();
  const rows = [...allRows(state)];
  const backwards = digestAfter(emptyDigest, emptyState, rows.toReversed(), sha256);
  assert.equal(backwards, digestOf(state, sha256));
  const twice = digestAfter(emptyDigest, emptyState, [...rows, ...rows], sha256);
  assert.equal(twice, backwards);
  const none = rows.map((change): RowChange => ({ ...change, row: null }));
  assert.equal(digestAfter(backwards, state, none, sha256), emptyDigest);
});

test("[DG3] one row gives the SHA-256 of its canonical text", () => {
  const row = { id: "s1", expiresAt: 5 };
  const change: RowChange = { table: "endedSessions", key: "s1", row };
  const expected = createHash("sha256").update('["endedSessions","s1",{"expiresAt":5,"id":"s1"}]');
  const digest = digestAfter(emptyDigest, emptyState, [change], sha256);
  assert.equal(digest, expected.digest("hex"));
});

test("[DG4] a digest in the journal changes no row but the request's own", () => {
  const world = aSystem();
  const before = world.state;
  const digest = digestOf(before, sha256);
  const facts = world.must({ kind: "digest-state", seq: world.seq, digest }, { actor: serverA });
  assert.deepEqual(facts, [{ kind: "state-digested", seq: world.seq - 1, digest }]);
  assert.ok(is(before.tables.accounts, world.state.tables.accounts));
  const changed = tableNames.filter((table) => before.tables[table] !== world.state.tables[table]);
  assert.deepEqual(changed, ["requests"]);
});

test("[AP1] applying an entry gives the same as its changes", () => {
  const world = new World();
  world.must(createSystem(), { actor: owner });
  assert.ok(world.last !== undefined);
  const { state, changes } = advance(emptyState, world.last);
  assert.equal(digestOf(applyChanges(emptyState, changes), sha256), digestOf(state, sha256));
});
