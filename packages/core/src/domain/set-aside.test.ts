import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, groupId, nodeId, requestId, sealed, type AccountId } from "../base/identity.ts";
import { day, hour, minute } from "../base/time.ts";
import type { Command } from "./command.ts";
import { factsOf } from "./decide-set-aside.ts";
import type { Entry } from "./entry.ts";
import type { Fact } from "./fact.ts";
import {
  aNewPassword,
  anActor,
  aRole,
  aStation,
  createAccount,
  noon,
  serverA,
  type World,
} from "./fixtures.ts";
import { roleIds } from "./roles.ts";
import { findSetAside, isForPeople, setAsideId, setAsideRows } from "./set-aside.ts";
import { lossesOf } from "./set-aside-loss.ts";
import type { SetAsideRow } from "./types.ts";

/** A day after everything the fixtures make, and so after the fork. */
const later = noon + day;
const forkedAt = noon + hour;

function lostEntry(facts: readonly Fact[], seq = 40): Entry {
  return {
    node: nodeId("A"),
    term: 7,
    start: 1,
    seq,
    hash: "a".repeat(64),
    prev: "b".repeat(64),
    at: noon + 2 * hour,
    actor: anActor("admin"),
    requestId: requestId(`lost ${seq}`),
    kind: "a-command",
    facts,
    answer: {},
  };
}

function rowOf(facts: readonly Fact[], seq = 40): SetAsideRow {
  const about = { mark: "acknowledged", forkedAt, by: nodeId("A"), setAsideAt: later } as const;
  const [row] = setAsideRows(lostEntry(facts, seq), about);
  assert.ok(row);
  return row;
}

/** Two worlds with one past: what is done to the second is lost, what to the first is present. */
function forked(): { readonly present: ReturnType<typeof aStation>; readonly lost: World } {
  return { present: aStation(), lost: aStation() };
}

function lose(
  { present, lost }: ReturnType<typeof forked>,
  commands: readonly Command[],
  actor = anActor("admin"),
): readonly SetAsideRow[] {
  return commands.map((command, index) => {
    const row = rowOf(lost.must(command, { at: noon + 2 * hour + index, actor }), 40 + index);
    present.must({ kind: "record-set-aside", row }, { actor: serverA, at: later });
    return row;
  });
}

function reapply(world: World, { id }: SetAsideRow, at = later + hour): string {
  return world.codeOf({ kind: "reapply-set-aside", id, reason: "" }, { at });
}

function verdictOf(world: World, { id }: SetAsideRow): string | undefined {
  return world.state.tables.setAside.get(id)?.judged?.verdict;
}

function losses(world: World, row: SetAsideRow, now = later): readonly string[] {
  const facts = factsOf(row);
  assert.ok(facts.ok);
  return lossesOf(row, facts.value, { state: world.state, now });
}

test("[SA1][HS9] a lost change is recorded once, whoever brings it, and only by a server", () => {
  const world = aStation();
  const row = rowOf([{ kind: "account-disabled", id: world.anna }]);
  const record = { kind: "record-set-aside", row } as const;
  assert.equal(world.codeOf(record), "access.denied");
  assert.equal(world.codeOf(record, { actor: serverA }), "accepted");
  assert.equal(world.codeOf(record, { actor: serverA }), "tail.already-recorded");
  for (const wrong of [{ facts: "[{}]" }, { facts: "{" }, { id: "7-40-B" }, { seq: 41 }]) {
    const command = { ...record, row: { ...row, id: "7-41-A", seq: 41, ...wrong } };
    const isSound = "seq" in wrong;
    assert.equal(
      world.codeOf(command, { actor: serverA }),
      isSound ? "accepted" : "tail.malformed",
      JSON.stringify(wrong),
    );
  }
});

test("[SA1][HS9] what its maker sent again since is in the system and waits for nobody", () => {
  const world = aStation();
  const id = requestId("lost 40");
  world.must({ kind: "disable-account", id: world.anna }, { requestId: id });
  const row = rowOf([{ kind: "account-disabled", id: world.anna }]);
  world.must({ kind: "record-set-aside", row }, { actor: serverA });
  assert.equal(verdictOf(world, row), "already so");
});

test("[SA2][HS9] a large change comes in parts, and is found by the beginning of its id", () => {
  const text = "x".repeat(1_000);
  const group = { description: text, deny: [], administrators: [], softAge: 1, hardAge: 2 };
  const facts = Array.from({ length: 1_200 }, (_, index): Fact => {
    const id = groupId(`g${index}`);
    const row = { ...group, id, name: `g${index}`, createdAt: noon, changedAt: noon };
    return { kind: "group-created", group: row };
  });
  const about = { mark: "unknown", forkedAt, by: nodeId("B"), setAsideAt: later } as const;
  const rows = setAsideRows(lostEntry(facts), about);
  assert.deepEqual(
    rows.map(({ id }) => id),
    ["7-40-A", "7-40-A-1", "7-40-A-2"],
  );
  const back = rows.flatMap((row) => {
    const found = factsOf(row);
    return found.ok ? found.value : [];
  });
  assert.deepEqual(back, facts);
  assert.equal(findSetAside(rows, "7-40-A"), rows[0]);
  assert.equal(findSetAside(rows, "7-40"), "several");
  assert.equal(findSetAside(rows.slice(0, 1), "7-40"), rows[0]);
  assert.equal(findSetAside(rows, "7-4"), undefined);
  assert.equal(setAsideId({ node: nodeId("B"), term: 1, seq: 2, part: 3 }), "1-2-B-3");
});

test("[SA2] what the pair notes of itself is nobody's to judge", () => {
  const noted: Fact = { kind: "state-digested", seq: 1, digest: "d".repeat(64) };
  assert.equal(isForPeople(lostEntry([noted])), false);
  assert.equal(
    isForPeople(lostEntry([noted, { kind: "account-enabled", id: accountId("a") }])),
    true,
  );
});

/** Lost changes that lower the security of the system, each with the word its sentence must hold. */
function lowering(anna: AccountId): readonly (readonly [Command, RegExp])[] {
  const group = groupId("bay1");
  return [
    [{ kind: "disable-account", id: anna }, /disabled on A at .* is enabled in the system now/],
    [{ kind: "update-account", id: anna, roles: [] }, /lost the role OPERATOR in \* on A/],
    [{ kind: "deny-in-group", id: group, account: anna }, /denied in bay1 .* not denied there now/],
    [{ kind: "leave-group", id: group, account: anna }, /taken out of bay1 .* is in it now/],
    [
      { kind: "set-password", id: anna, password: aNewPassword("new"), mustChange: false },
      /old one/,
    ],
    [{ kind: "delete-account", id: anna }, /deleted on A .* is there in the system now/],
  ];
}

test("[SA3][HS9] what was taken away there and stands here is named, until it is so here too", () => {
  for (const [command, pattern] of lowering(accountId("anna"))) {
    const worlds = forked();
    const [row] = lose(worlds, [command]);
    assert.ok(row);
    const [sentence = "", ...more] = losses(worlds.present, row);
    assert.match(sentence, pattern);
    assert.deepEqual(more, []);
    assert.equal(reapply(worlds.present, row), "accepted", command.kind);
    assert.equal(verdictOf(worlds.present, row), "re-applied");
    assert.deepEqual(losses(worlds.present, row), [], command.kind);
  }
});

test("[SA3][HS9] a lock, a used code and an ended session are named as long as they would hold", () => {
  const worlds = forked();
  const { present, lost } = worlds;
  const until = noon + 2 * hour + minute;
  const code = { verifier: sealed("code"), expiresAt: later + hour };
  for (const world of [present, lost]) {
    world.must({ kind: "issue-code", id: present.anna, ...code }, { at: later - hour });
  }
  const rows = lose(worlds, [{ kind: "lock-account", id: present.anna, until }], serverA);
  const used = rowOf([{ kind: "code-used", id: present.anna }], 50);
  const ended = rowOf([{ kind: "session-ended", id: "s", expiresAt: later }], 51);
  const [locked] = rows;
  assert.ok(locked);
  assert.match(losses(present, locked, until - 1)[0] ?? "", /locked on A/);
  assert.deepEqual(losses(present, locked, until), []);
  assert.match(losses(present, used)[0] ?? "", /one-time code/);
  assert.match(losses(present, ended, later - 1)[0] ?? "", /session/);
  assert.deepEqual(losses(present, ended, later), []);
});

test("[SA3][HS9][HS14] a lost removal of a server is named while that is part of the system", () => {
  const { present } = forked();
  const removal = (id: string): SetAsideRow =>
    rowOf([{ kind: "server-removed", id: nodeId(id), by: "admin" }]);
  const [said = "", ...more] = losses(present, removal("A"));
  assert.match(said, /^The server A was removed on A at .* and is part of the system now\.$/);
  assert.deepEqual(more, []);
  assert.deepEqual(losses(present, removal("gone")), []);
});

test("[SA3] what gave more there than here lowers nothing by being lost", () => {
  const worlds = forked();
  for (const row of lose(worlds, [
    createAccount("new"),
    { kind: "create-group", id: groupId("g2"), name: "g2", description: "" },
  ])) {
    assert.deepEqual(losses(worlds.present, row), []);
  }
});

test("[SA4][HS9] a change is made again under the present rules, and what is so already is said", () => {
  const worlds = forked();
  const { present, lost } = worlds;
  const group = groupId("g2");
  const rows = lose(worlds, [
    createAccount("new", { password: aNewPassword("new's") }),
    { kind: "create-group", id: group, name: "g2", description: "" },
    { kind: "join-group", id: group, account: accountId("new") },
  ]);
  present.must({ kind: "create-group", id: groupId("g3"), name: "g3", description: "" });
  present.must(createAccount("other"));
  const [account, , joined] = rows;
  assert.ok(account && joined);
  assert.equal(reapply(present, joined), "group.not-found", "one by one, in the order of making");
  for (const row of rows) assert.equal(reapply(present, row), "accepted");
  const made = present.account("new");
  assert.deepEqual(made.password, lost.account("new").password);
  assert.deepEqual(made.groups, [group]);
  assert.notEqual(made.uidNumber, present.account("other").uidNumber, "no number is given twice");
  assert.equal(reapply(present, account), "tail.judged");
});

test("[SA4][HS9] what was changed since in another way stays, and the refusal says so", () => {
  const anna = accountId("anna");
  const update = (role: number): Command => ({
    kind: "update-account",
    id: anna,
    roles: [aRole(role)],
  });
  const password = (text: string): Command => ({
    kind: "set-password",
    id: anna,
    password: aNewPassword(text),
    mustChange: false,
  });
  for (const [lostChange, since] of [
    [update(roleIds.VIEWER), update(roleIds.ENGINEER)],
    [password("lost"), password("since")],
  ] as const) {
    const worlds = forked();
    const [row] = lose(worlds, [lostChange]);
    assert.ok(row);
    worlds.present.must(since, { at: later });
    assert.equal(reapply(worlds.present, row), "tail.conflict");
    assert.equal(verdictOf(worlds.present, row), undefined, "nothing was judged");
    worlds.present.must({ kind: "reject-set-aside", id: row.id, reason: "done in another way" });
    assert.equal(verdictOf(worlds.present, row), "rejected");
  }
});

test("[SA4] the same thing lost twice is made again in its order, without a conflict", () => {
  const worlds = forked();
  const roles = (role: number): Command => ({
    kind: "update-account",
    id: accountId("anna"),
    roles: [aRole(role)],
  });
  const [first, second] = lose(worlds, [roles(roleIds.VIEWER), roles(roleIds.ENGINEER)]);
  assert.ok(first && second);
  assert.equal(reapply(worlds.present, first), "accepted");
  assert.equal(reapply(worlds.present, second, later + 2 * hour), "accepted");
  assert.equal(worlds.present.account("anna").roles[0]?.role, roleIds.ENGINEER);
});

test("[SA4] what is so already is judged so, and changes nothing but that", () => {
  const worlds = forked();
  const [row] = lose(worlds, [{ kind: "disable-account", id: accountId("anna") }]);
  assert.ok(row);
  worlds.present.must({ kind: "disable-account", id: accountId("anna") }, { at: later });
  const before = worlds.present.account("anna");
  assert.equal(reapply(worlds.present, row), "accepted");
  assert.equal(verdictOf(worlds.present, row), "already so");
  assert.equal(worlds.present.account("anna"), before);
});

test("[SA4] a join of a server is not made again, nor a rule broken by making one again", () => {
  const { present } = forked();
  const invited = rowOf([{ kind: "invite-used", name: "B" }], 60);
  const last = rowOf([{ kind: "account-disabled", id: accountId("admin") }], 61);
  for (const row of [invited, last]) {
    present.must({ kind: "record-set-aside", row }, { actor: serverA });
  }
  assert.equal(reapply(present, invited), "tail.not-repeatable");
  assert.equal(reapply(present, last), "account.last-security-administrator");
});

test("[SA5][HS9] judging is for SECADM, once, by name, and a rejection has a reason", () => {
  const worlds = forked();
  const { present } = worlds;
  const [row] = lose(worlds, [{ kind: "disable-account", id: accountId("anna") }]);
  assert.ok(row);
  const reject = { kind: "reject-set-aside", id: row.id, reason: "she works here" } as const;
  assert.equal(present.codeOf(reject, { actor: anActor("anna"), at: later }), "access.denied");
  assert.equal(present.codeOf({ ...reject, reason: " " }), "tail.no-reason");
  assert.equal(present.codeOf({ ...reject, id: "9-9-A" }), "tail.not-found");
  assert.equal(present.codeOf(reject, { at: later }), "accepted");
  assert.deepEqual(present.state.tables.setAside.get(row.id)?.judged, {
    verdict: "rejected",
    by: "admin",
    at: later,
    reason: "she works here",
  });
  assert.equal(present.codeOf(reject), "tail.judged");
});
