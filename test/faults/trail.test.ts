import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage } from "../../scripts/demo/stage.ts";
import {
  foundSystem,
  initServer,
  joinTo,
  orderLocally,
  promote,
  setNumber,
  signIn,
  waitForAckSet,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** HS19: what an auditor reads afterwards of what became of two servers, and why. */

const audit = { name: "rita", password: "Reads-it-all-the-next-day-7" };
const stage = new Stage();
let a: DemoServer;
let b: DemoServer;
let api: Api;
let auditor: Api;

before(async () => {
  [a, b] = [await initServer(stage, "A"), await initServer(stage, "B")];
  for (const server of [a, b]) setNumber(server, "suspect_after_ms", 1_500);
  await Promise.all([runServer(stage, a), runServer(stage, b)]);
  api = await foundSystem(stage, a);
  const { password } = audit;
  await order(a, "/v1/accounts", {
    name: audit.name,
    display_name: "Audit",
    roles: [{ role: "SECAUD" }],
    password,
    must_change: false,
  });
  auditor = await signIn(a, stage.readText("A", "certificates", "authority.pem"), audit);
});
after(async () => {
  api.close();
  auditor.close();
  await stage.clear();
});

interface Told {
  readonly event: number;
  readonly outcome: string;
  readonly subject: string;
  readonly detail: string;
}

const [state, ordered, record] = [20_010, 20_050, 20_130] as const;

/** The trail of a server, oldest first, as far as it tells of the pair. */
async function trailOf(server: DemoServer): Promise<readonly Told[]> {
  const path = "/v1/events?limit=200";
  const answered = await auditor.call(server.url, { method: "GET", path });
  const rows = member(answered?.body, "data", "rows");
  assert.ok(Array.isArray(rows), JSON.stringify(answered));
  const told = rows.map((row: unknown) => ({
    event: Number(member(row, "event")),
    outcome: String(member(row, "outcome")),
    subject: String(member(row, "subject")),
    detail: String(member(row, "detail")),
  }));
  return told.toReversed();
}

/** Journal and servers tell of one thing at about the same time: the order is not looked at. */
function assertTold(
  trail: readonly Told[],
  lines: readonly (readonly [event: number, says: RegExp])[],
): void {
  const texts = trail.map(({ event, outcome, subject, detail }) => {
    return `${event} ${outcome} ${subject}: ${detail}`;
  });
  for (const [event, says] of lines) {
    const isTold = texts.some((text) => text.startsWith(`${event} `) && says.test(text));
    assert.ok(isTold, `${event} ${String(says)} is not among\n${texts.join("\n")}`);
  }
}

async function order(server: DemoServer, path: string, body: unknown): Promise<void> {
  const answered = await api.call(server.url, { method: "POST", path, body });
  assert.equal(answered?.status, 200, JSON.stringify(answered));
}

test("[HS19][AT1] changeover, maintenance, crash and promotion: each is told on both, with its cause", async () => {
  await joinTo(api, a, b);
  await waitForAckSet(a, "A", "B");
  await waitForState(b, "standby-valid");
  assert.equal((await promote(b, false))?.status, 422);
  await order(a, "/v1/pair/changeover", { to: "B" });
  await Promise.all([waitForState(b, "main-protected"), waitForState(a, "standby-valid")]);
  await orderLocally(a, "/local/maintenance", { on: true });
  await waitForState(a, "maintenance");
  await orderLocally(a, "/local/maintenance", { on: false });
  await Promise.all([waitForState(b, "main-protected"), waitForState(a, "standby-valid")]);
  await stage.end("A", "SIGKILL");
  await waitForState(b, "main-exposed");
  await runServer(stage, a);
  await Promise.all([waitForState(b, "main-protected"), waitForState(a, "standby-valid")]);
  await stage.end("B", "SIGTERM");
  await waitForState(a, "standby-connecting");
  await waitUntil(a, "it can be promoted", (status) => member(status, "promotable", "ok") === true);
  assert.equal((await promote(a, false))?.status, 200);
  await runServer(stage, b);
  await Promise.all([waitForState(a, "main-protected"), waitForState(b, "standby-valid")]);
  const [ofA, ofB] = [await trailOf(a), await trailOf(b)];
  assertTold(ofA, [
    [state, /done A: blank, was off; term 0; ack set empty: this program started\. /],
    [state, /lone, was blank; term 1; ack set A, was empty: a system was created here$/],
    [record, /term 1 of A by creation; ack set A; mode manual$/],
    [state, /main-protected, was main-exposed; term 1; ack set A, B, was A/],
    [state, /main-draining, was main-protected; term 1; .*: a changeover was ordered\. /],
    [state, /standby-connecting, was main-draining; term 2; .*: another server is Main of a /],
    [ordered, /done admin: changeover to B$/],
    [state, /maintenance, was standby-valid; .*ack set B, was A, B: maintenance was ordered/],
    [ordered, /done .*: maintenance on$/],
    [record, /ack set B; one copy since \d.*: A signed off: maintenance$/],
    [ordered, /done .*: maintenance off$/],
    // Killed: the start that follows tells it.
    [state, /standby-connecting, was off; term 2; ack set A, B: this program started\. /],
    [record, /ack set B; one copy since \d.*: A had not answered for 1 s$/],
    [state, /standby-valid, was standby-synchronising; /],
    [state, /standby-connecting, was standby-valid; .*: the link was lost\. B does not answer; /],
    [ordered, /done .*: promote, because: a test of faults$/],
    [
      state,
      /main-protected, was main-exposed; .*: Changes had one copy from \d.* on: an operator /,
    ],
  ]);
  assertTold(ofB, [
    [state, /standby-synchronising, was blank; .*: the Main sends its whole database$/],
    [state, /standby-valid, was standby-synchronising; term 1; ack set A, B, was empty/],
    [ordered, /refused .*: promote, because: a test of faults: pair\.main-answers$/],
    [state, /main-protected, was standby-valid; term 2; ack set A, B: the Main handed over$/],
    [
      state,
      /main-exposed, was main-protected; .*: Changes have one copy: A signed off: maintenance/,
    ],
    [state, /main-protected, was main-exposed; .*Changes had one copy from .*: maintenance\.$/],
    [
      state,
      /main-exposed, was main-waiting; .*ack set B, was A, B: .*: A had not answered for 1 s/,
    ],
    [state, /main-protected, was main-exposed; .*: A had not answered for 1 s\.$/],
    [state, /done B: stopped, was main-protected: this program was ended in order$/],
    [state, /, was off; term 2; ack set A, B: this program started/],
    [record, /term 3 of A by promotion; ack set A; mode manual$/],
    [state, /standby-valid, was /],
  ]);
});
