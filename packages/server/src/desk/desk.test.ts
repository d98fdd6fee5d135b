import assert from "node:assert/strict";
import { test } from "node:test";
import { array, assert as holds, integer, property, record, string } from "fast-check";
import { devicePackage } from "@gridward/core/api/device-package";
import type { RouteName } from "@gridward/core/api/routes";
import { requestId, type RequestId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { Refusal } from "@gridward/core/domain/refusal";
import { singleKey } from "@gridward/core/domain/state";
import { freshRequestId } from "@gridward/runtime/os/random";
import { codeFor, matchesCode, sealCode } from "../one-time-code.ts";
import { aDesk, type TestDesk } from "./a-desk.ts";
import { createEndpoints } from "./endpoints.ts";
import { pageOfRows } from "./page.ts";

interface Asked {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly id?: RequestId;
}

type Ask = (name: RouteName, asked?: Asked) => Promise<Result<unknown, Refusal>>;

/** A desk with an administrator who has a password; asks as that one. */
async function administrated(): Promise<{ readonly desk: TestDesk; readonly ask: Ask }> {
  const desk = aDesk({ authority: "-----BEGIN CERTIFICATE-----" });
  const endpoints = createEndpoints(desk);
  const ask: Ask = async (name, { params = {}, query = {}, body = null, id } = {}) => {
    const account = desk.front.state().tables.accounts.find((row) => row.name === "admin");
    assert.ok(account);
    const { session } = desk.sessions.issue(account, account.password === null);
    const actor = { kind: "account", id: account.id, name: "admin", door: "https", source: "" };
    return endpoints[name].run(
      { params, query, body },
      {
        session,
        actor: { ...actor, kind: "account", door: "https" },
        requestId: id ?? freshRequestId(),
        client: null,
        objection: () => null,
        begunUnder: null,
      },
    );
  };
  const changed = await ask("changePassword", { body: { password: "Bridge-over-7-rivers" } });
  assert.ok(changed.ok);
  return { desk, ask };
}

function valueOf(result: Result<unknown, Refusal>): object {
  assert.ok(result.ok, JSON.stringify(result));
  assert.ok(typeof result.value === "object" && result.value !== null);
  return result.value;
}

test("[DESK1] a password is judged, hashed, sealed, and in no entry", async () => {
  const { desk, ask } = await administrated();
  const refused = async (password: string): Promise<string> => {
    const made = await ask("accountCreate", { body: { name: "anna", roles: [], password } });
    return made.ok ? "accepted" : made.error.code;
  };
  assert.equal(await refused("Short1"), "password.too-short");
  assert.equal(await refused("longbutplainword"), "password.too-plain");
  assert.equal(await refused("Anna-is-2-nice"), "password.contains-name");
  assert.equal(await refused("Password1"), "password.common");
  assert.equal(await refused("Meadow-under-3-oaks"), "accepted");
  const again = { current: "Bridge-over-7-rivers", password: "Bridge-over-7-rivers" };
  const repeated = await ask("changePassword", { body: again });
  assert.ok(!repeated.ok);
  assert.equal(repeated.error.code, "password.repeated");
  const wrong = { current: "wrong", password: "Harbour-with-9-boats" };
  const unproved = await ask("changePassword", { body: wrong });
  assert.ok(!unproved.ok);
  assert.equal(unproved.error.code, "credential.rejected");
  assert.doesNotMatch(JSON.stringify(desk.entries()), /Meadow|Bridge|argon2/);
});

test("[DESK2] a retry gets the first outcome and its code, and changes nothing", async () => {
  const { desk, ask } = await administrated();
  const id = freshRequestId();
  const body = { name: "anna", roles: [{ role: "OPERATOR" }] };
  const first = valueOf(await ask("accountCreate", { body, id }));
  const entries = desk.entries().length;
  desk.pass(1_000);
  assert.deepEqual(valueOf(await ask("accountCreate", { body, id })), first);
  const gone = { params: { name: "anna" }, id: requestId("01DE1ETE0000000000000000X0") };
  const deleted = valueOf(await ask("accountDelete", gone));
  assert.deepEqual(valueOf(await ask("accountDelete", gone)), deleted);
  assert.equal(desk.entries().length, entries + 1);
});

test("[DESK3] a dry run is judged and changes nothing", async () => {
  const { desk, ask } = await administrated();
  const entries = desk.entries().length;
  const query = { dry_run: "true" };
  const tried = await ask("groupCreate", { query, body: { name: "bay1" } });
  assert.deepEqual(valueOf(tried), { sequence: null, id: null, dry_run: true });
  const refused = await ask("groupCreate", { query, body: { name: "no good" } });
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, "group.bad-name");
  const code = await ask("accountCreate", { query, body: { name: "anna", roles: [] } });
  assert.equal(Reflect.get(valueOf(code), "code"), null);
  assert.equal(desk.entries().length, entries);
});

test("[DESK4] pages of any length give every row once, in order", () => {
  const rows = array(record({ name: string(), weight: integer({ min: 0, max: 3 }) }), {
    maxLength: 40,
  });
  holds(
    property(rows, integer({ min: 1, max: 7 }), (found, limit) => {
      const unique = [...new Map(found.map((row) => [row.name, row])).values()];
      for (const sort of ["name", "-name", "weight", "-weight"]) {
        const seen: { readonly name: string; readonly weight: number }[] = [];
        let cursor: string | undefined;
        do {
          const page = pageOfRows(unique, { sort, limit, cursor });
          assert.ok(page.ok);
          assert.equal(page.value.total, unique.length);
          seen.push(...page.value.rows);
          cursor = page.value.next ?? undefined;
        } while (cursor !== undefined);
        const whole = pageOfRows(unique, { sort, limit: 500 });
        assert.ok(whole.ok);
        assert.deepEqual(seen, whole.value.rows);
        assert.equal(seen.length, unique.length);
      }
    }),
  );
});

test("[DESK4] a search finds parts of names in any case", async () => {
  const { ask } = await administrated();
  await ask("groupCreate", { body: { name: "bay1", description: "North" } });
  await ask("groupCreate", { body: { name: "bay2" } });
  const found = valueOf(await ask("groupList", { query: { search: "NOR" } }));
  assert.equal(Reflect.get(found, "total"), 1);
});

test("[DESK5] a code is read as people write it, and opens nothing else", () => {
  const { systemKey } = aDesk();
  const key = systemKey();
  assert.ok(key);
  const code = codeFor(key, "first sign-in", freshRequestId());
  const verifier = sealCode(key, "first sign-in", code);
  const spoken = code.reveal().toLowerCase().replaceAll("-", " ").replaceAll("0", "o");
  const reads = (typed: string, purpose: "first sign-in" | "device enrolment"): boolean =>
    matchesCode(key, purpose, { verifier, typed: new Secret(typed) });
  assert.equal(reads(spoken, "first sign-in"), true);
  assert.equal(reads(code.reveal(), "device enrolment"), false);
  assert.equal(reads(code.reveal().slice(1), "first sign-in"), false);
  assert.equal(reads("", "first sign-in"), false);
});

test("[DESK6][AM6] an import takes all that is new or nothing, and says so of every row", async () => {
  const { desk, ask } = await administrated();
  await ask("groupCreate", { body: { name: "bay1" } });
  await ask("deviceCreate", { body: { name: "Q01", group: "bay1" } });
  const devices = [
    { name: "q01" },
    { name: "Q02", access_points: [{ name: "AP1", ip: "10.0.0.2" }] },
  ];
  const imported = valueOf(await ask("deviceImport", { body: { group: "bay1", devices } }));
  assert.deepEqual(Reflect.get(imported, "rows"), [
    { name: "q01", outcome: "already there", reason: null },
    { name: "Q02", outcome: "new", reason: null },
  ]);
  assert.equal(desk.front.state().tables.devices.size, 2);
  const spoilt = [{ name: "Q03" }, { name: "not good" }];
  const refused = await ask("deviceImport", { body: { group: "bay1", devices: spoilt } });
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, "device.bad-rows");
  assert.match(refused.error.detail, /row 2/);
  assert.equal(desk.front.state().tables.devices.size, 2);
});

test("[DESK7][PK3] a package holds what the device needs, and a retry the same code", async () => {
  const { desk, ask } = await administrated();
  await ask("groupCreate", { body: { name: "bay1" } });
  await ask("deviceCreate", { body: { name: "Q01", group: "bay1" } });
  const id = freshRequestId();
  const made = valueOf(await ask("devicePackage", { params: { name: "q01" }, id }));
  const content = devicePackage.parse(Reflect.get(made, "package"));
  assert.equal(content.system.site, "Hill");
  assert.equal(content.device.group.name, "bay1");
  assert.deepEqual(
    content.servers.map(({ name, addresses }) => [name, addresses]),
    [["A", ["127.0.0.1"]]],
  );
  const key = desk.systemKey();
  const verifier = desk.front.state().tables.devices.first()?.enrolment?.verifier;
  assert.ok(key && verifier);
  const typed = new Secret(content.enrolment.code);
  assert.equal(matchesCode(key, "device enrolment", { verifier, typed }), true);
  desk.pass(5_000);
  assert.deepEqual(valueOf(await ask("devicePackage", { params: { name: "q01" }, id })), made);
  assert.equal(desk.front.state().tables.system.get(singleKey)?.site, "Hill");
});

test("[DESK7][CS3] a package carries the costs that were chosen; for a stranger there is no code", async () => {
  const { desk, ask } = await administrated();
  await ask("groupCreate", { body: { name: "bay1" } });
  await ask("deviceCreate", { body: { name: "Q01", group: "bay1" } });
  const params = { name: "Q01" };
  const stranger = await ask("devicePackage", { params, body: { costs: { A: 1, B: 6 } } });
  assert.ok(!stranger.ok);
  assert.deepEqual(stranger.error, { code: "pair.server-not-found", detail: "B" });
  assert.equal(desk.front.state().tables.devices.first()?.enrolment, null);
  const costOf = async (body: unknown): Promise<unknown> => {
    const made = valueOf(await ask("devicePackage", { params, body }));
    const [server] = devicePackage.parse(Reflect.get(made, "package")).servers;
    assert.ok(server);
    return "cost" in server ? server.cost : "none";
  };
  assert.equal(await costOf({ costs: { A: 1 } }), 1);
  // What an older device knows how to read.
  assert.equal(await costOf(null), "none");
});
