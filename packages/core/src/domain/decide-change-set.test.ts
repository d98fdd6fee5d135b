import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { accountId, groupId, sealed } from "../base/identity.ts";
import { day, hour, minute } from "../base/time.ts";
import type { AccountChange, Command } from "./command.ts";
import { changeSetsByAge } from "./change-sets.ts";
import { judgeChanges } from "./decide-change-set.ts";
import { factShapes } from "./fact-shapes.ts";
import {
  aNewPassword,
  aRole,
  aStation,
  aSystem,
  createAccount,
  noon,
  serverA,
  type World,
} from "./fixtures.ts";
import { accountsPerCommandMax, changeSetsKept } from "./limits.ts";
import { roleIds } from "./roles.ts";

const later = noon + hour;

function aCreation(name: string, changes: Partial<Creation> = {}): Creation {
  return {
    kind: "create",
    id: accountId(name),
    name,
    displayName: name,
    roles: [aRole(roleIds.OPERATOR)],
    groups: [],
    policy: "utility",
    enabled: true,
    code: null,
    ...changes,
  };
}
type Creation = Extract<AccountChange, { readonly kind: "create" }>;
type Update = Extract<AccountChange, { readonly kind: "update" }>;

function anUpdate(world: World, name: string, changes: Partial<Update>): Update {
  const { id, changedAt: seen } = world.account(name);
  return { kind: "update", id, seen, ...changes };
}

function aSet(changes: readonly AccountChange[], id = "set"): Command {
  return { kind: "change-accounts", id, what: "import", changes };
}

/** All accounts but when they were changed. */
function accountsOf(world: World): unknown {
  return world.state.tables.accounts
    .valueSeq()
    .map((row) => ({ ...row, changedAt: 0, groups: row.groups.toSorted() }))
    .toArray()
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

test("[AC10][AM6] a change set creates, changes, disables, unlocks and deletes in one entry", () => {
  const world = aStation();
  for (const name of ["carl", "dora", "emil"]) world.must(createAccount(name));
  const { id: dora, changedAt: seen } = world.account("dora");
  world.must({ kind: "lock-account", id: dora, until: noon + minute }, { actor: serverA });
  const before = world.seq;
  const changes: readonly AccountChange[] = [
    aCreation("Berta", {
      displayName: " ",
      groups: [world.group],
      enabled: false,
      code: { verifier: sealed("code"), expiresAt: later + day },
    }),
    anUpdate(world, "anna", { displayName: "Anna B", groups: [] }),
    anUpdate(world, "carl", { enabled: false }),
    { kind: "unlock", id: dora, seen },
    { kind: "delete", id: accountId("emil"), seen },
  ];
  const facts = world.must(aSet(changes), { at: later });
  assert.equal(world.seq, before + 1);
  for (const fact of facts) assert.ok(factShapes[fact.kind].safeParse(fact).success, fact.kind);
  const berta = world.account("berta");
  assert.equal(berta.displayName, "berta");
  assert.equal(berta.enabled, false);
  assert.equal(berta.password, null);
  assert.deepEqual(berta.groups, [world.group]);
  assert.deepEqual(world.account("anna").groups, []);
  assert.equal(world.account("anna").displayName, "Anna B");
  assert.equal(world.account("carl").enabled, false);
  assert.equal(world.account("dora").lockedUntil, null);
  assert.equal(world.state.accountsByName.has("emil"), false);
  assert.equal(world.state.tables.changeSets.size, 0, "what deletes cannot be undone");
});

test("[AC10] new accounts get uidNumbers in their order, and none is given twice", () => {
  const world = aSystem();
  world.must(aSet([aCreation("anna"), aCreation("berta")]));
  world.must(createAccount("carl"));
  const numbers = ["anna", "berta", "carl"].map((name) => world.account(name).uidNumber);
  assert.deepEqual(numbers, [10_001, 10_002, 10_003]);
});

test("[AC10] one bad change refuses all of them, and each is named with its reason", () => {
  const world = aStation();
  const unchanged = world.state;
  const decision = world.submit(
    aSet([
      aCreation("berta"),
      aCreation("carl", { roles: [aRole(7)] }),
      aCreation("BERTA", { id: accountId("again") }),
      aCreation("dora", { groups: [groupId("bay9")] }),
      aCreation("emil", { policy: "none" }),
      aCreation("fritz", { code: { verifier: sealed(""), expiresAt: noon + 8 * day } }),
      { ...anUpdate(world, "anna", { enabled: false }), seen: noon - 1 },
    ]),
  );
  assert.ok(!decision.ok);
  assert.equal(decision.error.code, "account.bad-rows");
  for (const name of ["carl", "BERTA", "dora", "emil", "fritz", "anna"]) {
    assert.match(decision.error.detail, new RegExp(`(^|; )${name}: `));
  }
  assert.doesNotMatch(decision.error.detail, /berta: /);
  assert.equal(world.state, unchanged);
  const judged = judgeChanges(world.state, [aCreation("carl"), aCreation("carl")], noon);
  assert.deepEqual(
    judged.map((one) => (one.ok ? "" : one.error.code)),
    ["", "account.repeated"],
  );
});

test("[AC10] many bad changes are named up to twenty, and counted", () => {
  const world = aSystem();
  const changes = Array.from({ length: 30 }, (_, index) => aCreation(`-${index}`));
  const decision = world.submit(aSet(changes));
  assert.ok(!decision.ok);
  assert.match(decision.error.detail, /-19: .*; and 10 more$/);
});

test("[AC10] none, too many and too large ones are refused; what is so already is not counted", () => {
  const world = aStation();
  assert.equal(world.codeOf(aSet([])), "account.none");
  const many = Array.from({ length: accountsPerCommandMax + 1 }, (_, index) =>
    aCreation(`a${index}`),
  );
  assert.equal(world.codeOf(aSet(many)), "account.too-many");
  const area = Array.from({ length: 8 }, () => "x".repeat(64)).join("/");
  const roles = Array.from({ length: 16 }, (_, index) => aRole(-1 - index, { area }));
  const large = Array.from({ length: 400 }, (_, index) => aCreation(`a${index}`, { roles }));
  assert.equal(world.codeOf(aSet(large)), "account.too-many");
  const same = anUpdate(world, "anna", { displayName: "anna", groups: [world.group] });
  assert.equal(world.codeOf(aSet([same])), "account.unchanged");
  world.must(aSet([same, aCreation("berta")]));
  assert.equal(world.state.tables.changeSets.get("set")?.accounts, 1);
});

test("[AC10] 5,000 new accounts with codes fit into one entry", () => {
  const world = aStation();
  const code = { verifier: sealed("x".repeat(140)), expiresAt: noon + day };
  const changes = Array.from({ length: accountsPerCommandMax }, (_, index) =>
    aCreation(`person.number${index}`, {
      id: accountId(`01HZZZZZZZZZZZZZZZZZZZ${String(index).padStart(4, "0")}`),
      displayName: `Person of the number ${index}`,
      groups: [world.group],
      code: index < 2_000 ? code : null,
    }),
  );
  world.must(aSet(changes));
  assert.equal(world.state.tables.accounts.size, accountsPerCommandMax + 2);
});

test("[AC11][AM8] all administrators at once are not disabled, deleted or robbed of the role", () => {
  const world = aSystem();
  const roles = [aRole(roleIds.SECADM)];
  world.must(createAccount("berta", { roles, password: aNewPassword() }));
  const both = (changes: Partial<Update>): readonly AccountChange[] => [
    anUpdate(world, "admin", changes),
    anUpdate(world, "berta", changes),
  ];
  const refused = (changes: readonly AccountChange[]): string => {
    const decision = world.submit(aSet(changes));
    return decision.ok ? "accepted" : decision.error.detail;
  };
  const last = /admin: .*last account.*; berta: .*last account/;
  assert.match(refused(both({ enabled: false })), last);
  assert.match(refused(both({ roles: [] })), last);
  assert.match(refused(both({ roles: [aRole(roleIds.SECADM, { notAfter: later })] })), last);
  const { id, changedAt: seen } = world.account("berta");
  const gone: AccountChange = { kind: "delete", id, seen };
  assert.match(refused([anUpdate(world, "admin", { enabled: false }), gone]), last);
  // A new one without a password helps nobody.
  const helpless = [...both({ enabled: false }), aCreation("carl", { roles })];
  assert.match(refused(helpless), last);
  assert.equal(refused([anUpdate(world, "admin", { enabled: false })]), "accepted");
});

test("[AC12][AM6] undoing a change set leaves every account as it was", () => {
  const name = fc.constantFrom("admin", "anna", "berta", "carl", "new1", "new2");
  const wanted = fc.record(
    {
      displayName: fc.string({ maxLength: 8 }).map((text) => text.replaceAll(/\P{L}/gu, "x")),
      enabled: fc.boolean(),
      policy: fc.constantFrom("utility", "modern"),
      isIn: fc.boolean(),
      role: fc.constantFrom(0, 1, 4),
    },
    { requiredKeys: [] },
  );
  const rows = fc.uniqueArray(fc.tuple(name, wanted), {
    selector: ([one]) => one,
    minLength: 1,
  });
  fc.assert(
    fc.property(rows, (list) => {
      const world = aStation();
      world.must(createAccount("berta"));
      world.must(createAccount("carl", { groups: [world.group] }));
      const zoe = { ...serverA, kind: "account", id: "zoe", name: "zoe" } as const;
      world.must(createAccount("zoe", { roles: [aRole(roleIds.SECADM)] }));
      const before = accountsOf(world);
      const changes = list.map(([one, { isIn, role, ...rest }]): AccountChange => {
        const more = {
          ...rest,
          ...(isIn === undefined ? {} : { groups: isIn ? [world.group] : [] }),
          ...(role === undefined ? {} : { roles: [aRole(role)] }),
        };
        return world.state.accountsByName.has(one)
          ? anUpdate(world, one, more)
          : aCreation(one, more);
      });
      if (!world.submit(aSet(changes), { at: later }).ok) return;
      world.must({ kind: "undo-change-set", id: "set" }, { actor: zoe, at: later + hour });
      assert.deepEqual(accountsOf(world), before);
      const row = world.state.tables.changeSets.get("set");
      assert.deepEqual(row?.undone, { by: "zoe", at: later + hour });
      assert.deepEqual(row.before, []);
      const again = world.codeOf({ kind: "undo-change-set", id: "set" }, { actor: zoe });
      assert.equal(again, "change-set.undone");
    }),
  );
});

test("[AC12] where an account was changed or deleted since, nothing is undone, and it is named", () => {
  const world = aStation();
  const changes = [aCreation("berta"), aCreation("carl"), anUpdate(world, "anna", { groups: [] })];
  world.must(aSet(changes), { at: later });
  world.must({ kind: "disable-account", id: accountId("berta") }, { at: later + 1 });
  world.must({ kind: "delete-account", id: accountId("carl") }, { at: later + 1 });
  world.must({ kind: "delete-group", id: world.group }, { at: later + 1 });
  const unchanged = world.state;
  const decision = world.submit({ kind: "undo-change-set", id: "set" });
  assert.ok(!decision.ok);
  assert.equal(decision.error.code, "change-set.changed-since");
  for (const name of ["berta", "carl", "anna"]) assert.match(decision.error.detail, RegExp(name));
  assert.equal(world.state, unchanged);
  assert.equal(world.codeOf({ kind: "undo-change-set", id: "other" }), "change-set.not-found");
});

test("[AC12][AM8] an undoing leaves an administrator, too", () => {
  const world = aSystem();
  world.must(createAccount("berta", { password: aNewPassword() }));
  world.must(aSet([anUpdate(world, "berta", { roles: [aRole(roleIds.SECADM)] })]), { at: later });
  world.must({ kind: "disable-account", id: accountId("admin") }, { at: later + 1 });
  const actor = { ...serverA, kind: "account", id: "berta", name: "berta" } as const;
  const decision = world.submit({ kind: "undo-change-set", id: "set" }, { actor, at: later + 2 });
  assert.ok(!decision.ok);
  assert.match(decision.error.detail, /berta: .*last account/);
});

test("[AC13] the newest change sets are kept, and no more", () => {
  const world = aSystem();
  for (let index = 0; index < changeSetsKept + 3; index++) {
    world.must(aSet([aCreation(`a${index}`)], `set ${index}`), { at: noon + index });
  }
  const kept = changeSetsByAge(world.state).map(({ id }) => id);
  assert.equal(kept.length, changeSetsKept);
  assert.equal(kept[0], `set ${changeSetsKept + 2}`);
  assert.equal(kept.at(-1), "set 3");
});

test("[AC10][AM8] only SECADM changes accounts so", () => {
  const world = aStation();
  const actor = { ...serverA, kind: "account", id: "anna", name: "anna" } as const;
  assert.equal(world.codeOf(aSet([aCreation("berta")]), { actor }), "access.denied");
  assert.equal(world.codeOf({ kind: "undo-change-set", id: "set" }, { actor }), "access.denied");
});
