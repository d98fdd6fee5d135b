import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId, type RequestId, sealed } from "@gridward/core/base/identity";
import { minute } from "@gridward/core/base/time";
import { aServer } from "@gridward/core/domain/fixtures";
import type { PartnerStatus } from "@gridward/core/domain/server-status";
import type { PairRow } from "@gridward/core/domain/types";
import { freshRequestId } from "@gridward/runtime/os/random";
import { aDesk, serverActor, type TestDesk } from "./a-desk.ts";
import { pairEndpoints } from "./pair-endpoints.ts";

/** A is Main, by this right; these servers joined, and a password lets the administrator order. */
function aStation(by: PairRow["by"], ...joined: readonly string[]) {
  const desk = aDesk();
  const id = desk.front.state().accountsByName.get("admin") ?? "";
  const admin = { kind: "account", id, name: "admin", door: "https", source: "" } as const;
  const verifier = sealed("a verifier");
  const password = { verifier, length: 20, classes: 4, repeats: false };
  const [account] = desk.front.state().tables.accounts.values();
  assert.ok(account);
  desk.order(admin, { kind: "change-password", id: account.id, password });
  for (const name of joined) {
    const place = { secret: sealed(""), expiresAt: desk.front.now() + minute };
    desk.order(admin, { kind: "issue-invite", name, ...place });
    const server = { ...aServer(name), pairingKey: `key of ${name}` };
    desk.order(serverActor, { kind: "join-server", server, certificates: [] });
  }
  const pair = {
    term: 2,
    owner: nodeId("A"),
    by,
    since: 0,
    ackSet: [nodeId("A")],
    mode: "manual",
    unprotected: null,
  } as const;
  desk.order(serverActor, { kind: "start-term", pair });
  return { desk, admin };
}

/** As this server sees B. */
function seen(desk: TestDesk, state: PartnerStatus["state"]): TestDesk {
  const partner: PartnerStatus = {
    name: "B",
    kind: "promotable",
    address: null,
    link: null,
    state,
    behind: null,
    conflict: null,
    dial: { verdict: "not tried", cause: null },
    accept: { verdict: "not tried", cause: null },
    certificate: null,
  };
  const status = () => ({ ...desk.front.status(), partners: [partner] });
  return { ...desk, front: { ...desk.front, status } };
}

async function remove(
  { desk, admin }: ReturnType<typeof aStation>,
  name: string,
  dryRun = false,
  requestId: RequestId = freshRequestId(),
): Promise<string> {
  const caller = {
    session: null,
    actor: admin,
    requestId,
    client: null,
    objection: () => null,
    begunUnder: null,
  };
  const asked = { params: {}, query: dryRun ? { dry_run: "true" } : {}, body: { name } };
  return JSON.stringify(await pairEndpoints(desk).pairRemove.run(asked, caller));
}

test("[DESK9][HS14] before a removal it is told what is lost, and whether the server answers", async () => {
  const station = aStation("creation", "B", "C");
  const silent = await remove({ ...station, desk: seen(station.desk, "unreachable") }, "B", true);
  assert.match(silent, /"dry_run":true.*B does not answer.*no command brings it in.*destroy it/);
  assert.doesNotMatch(silent, /answers now|by force|No Standby is left/);
  const running = await remove(
    { ...station, desk: seen(station.desk, "standby-valid") },
    "B",
    true,
  );
  assert.match(running, /B answers now \(standby-valid\)/);
  assert.ok(station.desk.front.state().tables.servers.has("B"));
});

test("[DESK9][HS14] who was Main before one that was forced may hold changes that are lost", async () => {
  for (const [by, how] of [
    ["forced-promotion", /by force at .*confirmed before may be missing/],
    ["restore", /by a restore at .*confirmed before may be missing/],
  ] as const) {
    const told = await remove(aStation(by, "B"), "B");
    assert.match(told, how);
    assert.match(told, /"sequence":\d+.*No Standby is left/);
  }
});

test("[DESK9][DESK2][HS14] a removal that is ordered again under one request id is done once", async () => {
  const station = aStation("creation", "B");
  const requestId = freshRequestId();
  const [, first] = /"sequence":(\d+)/.exec(await remove(station, "B", false, requestId)) ?? [];
  const [, again] = /"sequence":(\d+)/.exec(await remove(station, "B", false, requestId)) ?? [];
  assert.deepEqual([typeof first, again], ["string", first]);
  assert.match(await remove(station, "B"), /pair.server-not-found/);
  assert.match(await remove(station, "A"), /pair.remove-main/);
});
