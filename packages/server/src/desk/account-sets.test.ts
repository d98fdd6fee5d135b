import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import type { RouteName } from "@gridward/core/api/routes";
import { accountSetRoutes, type SetAnswer } from "@gridward/core/api/account-set-routes";
import { requestId, type RequestId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { AccountRow } from "@gridward/core/domain/types";
import { freshRequestId } from "@gridward/runtime/os/random";
import { aDesk, type TestDesk } from "./a-desk.ts";
import { createEndpoints } from "./endpoints.ts";

interface Asked {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly id?: RequestId;
}

interface Office {
  readonly desk: TestDesk;
  readonly ask: (name: RouteName, asked?: Asked) => Promise<Result<unknown, Refusal>>;
  readonly account: (name: string) => AccountRow | undefined;
  /** An import or a change that is accepted. */
  readonly set: (name: RouteName, body: object, asked?: Asked) => Promise<SetAnswer>;
}

async function anOffice(): Promise<Office> {
  const desk = aDesk({});
  const endpoints = createEndpoints(desk);
  const account = (name: string): AccountRow | undefined =>
    desk.front.state().tables.accounts.find((row) => row.name === name);
  const ask: Office["ask"] = async (name, { params = {}, query = {}, body = null, id } = {}) => {
    const admin = account("admin");
    assert.ok(admin);
    const { session } = desk.sessions.issue(admin, admin.password === null);
    return endpoints[name].run(
      { params, query, body },
      {
        session,
        actor: { kind: "account", id: admin.id, name: "admin", door: "https", source: "" },
        requestId: id ?? freshRequestId(),
        client: null,
        objection: () => null,
        begunUnder: null,
      },
    );
  };
  const changed = await ask("changePassword", { body: { password: "Bridge-over-7-rivers" } });
  assert.ok(changed.ok);
  const made = await ask("groupCreate", { body: { name: "bay1" } });
  assert.ok(made.ok, JSON.stringify(made));
  const set: Office["set"] = async (name, body, asked = {}) => {
    const done = await ask(name, { ...asked, body });
    assert.ok(done.ok, JSON.stringify(done));
    return accountSetRoutes.accountImport.answer.parse(done.value);
  };
  desk.pass(1_000);
  return { desk, ask, account, set };
}

function outcomes({ rows }: SetAnswer): readonly string[] {
  return rows.map(({ line, name, outcome }) => `${line ?? "-"} ${name} ${outcome}`);
}

const operator = [{ role: "OPERATOR" }];

test("[DESK21][AM6] a file creates accounts in one entry; each line is reported, a try changes nothing", async () => {
  const { desk, set, account } = await anOffice();
  const before = desk.entries().length;
  const body = {
    rows: [
      { line: 2, name: "Anna", display_name: "Anna Berg", roles: operator, groups: ["bay1"] },
      { line: 3, name: "berta", enabled: false, valid_until: "2027-01-01T00:00:00Z" },
      { line: 4, name: "admin", display_name: "No longer" },
    ],
    roles: [{ role: "VIEWER", area: "Hill" }],
  };
  const tried = await set("accountImport", body, { query: { dry_run: "true" } });
  assert.deepEqual(outcomes(tried), ["2 anna create", "3 berta create", "4 admin skipped"]);
  assert.equal(desk.entries().length, before);
  const done = await set("accountImport", body);
  assert.deepEqual(outcomes(done), outcomes(tried));
  assert.equal(desk.entries().length, before + 1);
  assert.equal(account("anna")?.displayName, "Anna Berg");
  assert.equal(account("anna")?.groups.length, 1);
  assert.equal(account("anna")?.password, null);
  assert.equal(account("anna")?.code, null);
  assert.equal(account("berta")?.enabled, false);
  const [role] = account("berta")?.roles ?? [];
  assert.deepEqual(role, { role: 0, area: "Hill", notBefore: null, notAfter: Date.UTC(2027, 0) });
  assert.equal(account("admin")?.displayName, "admin");
});

test("[DESK21] one bad line refuses all of them, each with its number and reason", async () => {
  const { desk, ask, set } = await anOffice();
  const before = desk.entries().length;
  const body = {
    rows: [
      { line: 2, name: "anna", roles: operator },
      { line: 3, name: "än na" },
      { line: 4, name: "carl", roles: [{ role: "CHIEF" }] },
      { line: 5, name: "dora", groups: ["bay9"] },
      { line: 6, name: "Anna" },
      { line: 7, name: "emil", valid_until: "2027-01-01T00:00:00Z" },
    ],
  };
  const tried = await set("accountImport", body, { query: { dry_run: "true" } });
  const bad = tried.rows.filter(({ outcome }) => outcome === "refused");
  assert.deepEqual(
    bad.map(({ line }) => line),
    [3, 4, 5, 6, 7],
  );
  assert.match(bad[4]?.reason ?? "", /only roles have dates/);
  const done = await ask("accountImport", { body });
  assert.ok(!done.ok);
  assert.equal(done.error.code, "account.bad-rows");
  assert.match(
    done.error.detail,
    /^line 3, än na: .*; line 4, carl: .*CHIEF.*; line 5, dora: .*bay9/,
  );
  assert.equal(desk.entries().length, before);
});

test("[DESK16][AM6] what exists is changed as ordered, field by field; what is so is left", async () => {
  const { set, account } = await anOffice();
  await set("accountImport", {
    rows: [
      { line: 2, name: "anna", display_name: "Anna", roles: operator },
      { line: 3, name: "berta", roles: operator },
    ],
  });
  const rows = [
    { line: 2, name: "anna", display_name: "Anna B", roles: [], groups: ["bay1"], enabled: false },
    { line: 3, name: "berta" },
  ];
  const some = { rows, on_existing: "update", update: ["display_name", "groups"] };
  const done = await set("accountImport", some);
  assert.deepEqual(outcomes(done), ["2 anna update", "3 berta unchanged"]);
  assert.deepEqual(done.rows[0]?.changes, ["display_name", "groups"]);
  assert.equal(account("anna")?.enabled, true);
  assert.equal(account("anna")?.roles.length, 1);
  const all = await set("accountImport", { rows, on_existing: "update" });
  assert.deepEqual(all.rows[0]?.changes, ["roles", "enabled"]);
  const again = await set("accountImport", { rows, on_existing: "update" });
  assert.deepEqual(outcomes(again), ["2 anna unchanged", "3 berta unchanged"]);
  assert.equal(again.sequence, null);
});

test("[DESK16][AM8] who is not in the file is disabled where ordered, but no administrator", async () => {
  const { set, account } = await anOffice();
  await set("accountImport", {
    rows: [
      { line: 2, name: "anna", roles: operator },
      { line: 3, name: "berta", roles: operator },
      { line: 4, name: "carl", roles: [{ role: "SECAUD" }] },
    ],
  });
  const body = { rows: [{ line: 2, name: "anna" }], missing: "disable" };
  const done = await set("accountImport", body);
  assert.deepEqual(outcomes(done), [
    "2 anna skipped",
    "- admin kept",
    "- berta disable",
    "- carl kept",
  ]);
  assert.equal(account("berta")?.enabled, false);
  assert.equal(account("admin")?.enabled, true);
  assert.match(done.rows[1]?.reason ?? "", /your own/);
});

test("[DESK17][AM6] a code for each new account comes once, and again with a retry", async () => {
  const { desk, ask, set, account } = await anOffice();
  const id = requestId("0123456789ABCDEFGHJKMNPQRS");
  const body = { rows: [{ line: 9, name: "anna", roles: operator }], codes: true };
  const tried = await set("accountImport", body, { query: { dry_run: "true" } });
  assert.equal(tried.rows[0]?.code, null);
  const done = await set("accountImport", body, { id });
  const code = done.rows[0]?.code ?? "";
  assert.match(code, /^[0-9A-Z-]{26,}$/);
  assert.ok(account("anna")?.code);
  assert.doesNotMatch(JSON.stringify(desk.entries()), new RegExp(code));
  const again = await set("accountImport", body, { id });
  assert.equal(again.rows[0]?.code, code);
  assert.equal(again.rows[0]?.line, 9);
  assert.equal(again.change_set, done.change_set);
  const expired = await ask("accountImport", { body });
  assert.ok(expired.ok, "the account exists and is left");
});

test("[DESK18][AM6] accounts are changed by name or by group and role, all or none", async () => {
  const { desk, ask, set, account } = await anOffice();
  await set("accountImport", {
    rows: ["anna", "berta", "carl"].map((name, index) => ({ line: index + 2, name })),
    roles: operator,
    groups: ["bay1"],
  });
  desk.pass(1_000);
  const named = await set("accountChange", {
    accounts: { names: ["carl", "Anna"] },
    change: { action: "disable" },
  });
  assert.deepEqual(outcomes(named), ["- carl disable", "- Anna disable"]);
  const chosen = await set("accountChange", {
    accounts: { group: "bay1", role: "OPERATOR" },
    change: { action: "enable" },
  });
  assert.deepEqual(outcomes(chosen), ["- anna update", "- berta unchanged", "- carl update"]);
  const update = {
    action: "update",
    add_roles: [{ role: "ENGINEER", area: "Hill" }],
    remove_roles: ["OPERATOR"],
    remove_groups: ["bay1"],
    valid_until: "2027-01-01T00:00:00Z",
    policy: "modern",
  };
  await set("accountChange", { accounts: { role: "OPERATOR" }, change: update });
  const { roles, groups, policy } = account("berta") ?? {};
  const until = Date.UTC(2027, 0);
  assert.deepEqual(roles, [{ role: 2, area: "Hill", notBefore: null, notAfter: until }]);
  assert.deepEqual(groups, []);
  assert.equal(policy, "modern");
  const missing = { accounts: { names: ["anna", "nobody"] }, change: { action: "delete" } };
  const refused = await ask("accountChange", { body: missing });
  assert.ok(!refused.ok);
  assert.match(refused.error.detail, /^nobody: There is no such account/);
  assert.ok(account("anna"));
  const nobody = { accounts: { role: "OPERATOR" }, change: { action: "delete" } };
  const none = await ask("accountChange", { body: nobody });
  assert.ok(!none.ok);
  assert.equal(none.error.code, "account.none");
});

test("[DESK19][AM6] change sets are listed, found by their beginning and undone once", async () => {
  const { desk, ask, set, account } = await anOffice();
  const rows = [{ line: 2, name: "anna", roles: operator }];
  const { change_set: id } = await set("accountImport", { rows });
  assert.ok(id !== null);
  const listed = await ask("changeSetList");
  assert.ok(listed.ok);
  assert.match(JSON.stringify(listed.value), new RegExp(`${id}.*"import".*"admin"`));
  const params = { id: id.slice(0, 8).toLowerCase() };
  const tried = await ask("changeSetUndo", { params, query: { dry_run: "true" } });
  assert.ok(tried.ok);
  assert.ok(account("anna"));
  desk.pass(1_000);
  const undone = await ask("changeSetUndo", { params });
  assert.ok(undone.ok, JSON.stringify(undone));
  assert.equal(account("anna"), undefined);
  const again = await ask("changeSetUndo", { params });
  assert.ok(!again.ok);
  assert.equal(again.error.code, "change-set.undone");
  const unknown = await ask("changeSetUndo", { params: { id: "ZZZZ" } });
  assert.ok(!unknown.ok);
  assert.equal(unknown.error.code, "change-set.not-found");
});

test("[DESK20][AM6] the export has all that an import reads, and no secret", async () => {
  const { ask, set } = await anOffice();
  const rows = [{ line: 2, name: "anna", display_name: "=1+1", roles: operator, groups: ["bay1"] }];
  await set("accountImport", { rows, codes: true });
  const page = await ask("accountExport", { query: { role: "OPERATOR" } });
  assert.ok(page.ok);
  const { rows: shown } = z.object({ rows: z.array(z.json()) }).parse(page.value);
  assert.equal(shown.length, 1);
  const text = JSON.stringify(shown);
  assert.match(text, /"uid=anna,ou=people,dc=example,dc=org"/);
  assert.doesNotMatch(text, /verifier|code|password/);
});
