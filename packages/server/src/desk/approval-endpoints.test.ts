import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { approvalRoutes } from "@gridward/core/api/approval-routes";
import { accountId, deviceId, groupId, type RequestId, sealed } from "@gridward/core/base/identity";
import { hour } from "@gridward/core/base/time";
import { freshRequestId } from "@gridward/runtime/os/random";
import { type TestAuthority, testAuthority } from "@gridward/runtime/trust/test-authority";
import { fingerprintOf } from "@gridward/runtime/trust/x509/read";
import { Approvals } from "../approvals/approvals.ts";
import { isSettled } from "../approvals/is-settled.ts";
import { offeredDevice } from "../approvals/offer-peers.ts";
import { certificateRow } from "../ca/certificate-row.ts";
import { aDesk } from "./a-desk.ts";
import { approvalEndpoints } from "./approval-endpoints.ts";

const id = deviceId("01ARZ3NDEKTSV4RRFFQ69G5FDX");
const directories: string[] = [];
after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

/** A system whose authority changes, Q01 of it, and who waits at its two servers. */
function aHouse() {
  const now = Date.now();
  const [present, next] = [testAuthority("Ours", now - hour), testAuthority("Ours", now - hour)];
  const desk = aDesk({ authority: present.certificate.toString() });
  const { front } = desk;
  const account = accountId("01ADMIN0000000000000000000");
  const actor = { kind: "account", id: account, name: "admin", door: "https", source: "" } as const;
  const password = { verifier: sealed("x"), length: 20, classes: 4, repeats: false };
  desk.order(actor, { kind: "change-password", id: account, password });
  const group = groupId("01ARZ3NDEKTSV4RRFFQ69G5FGX");
  desk.order(actor, { kind: "create-group", id: group, name: "bay1", description: "" });
  const about = { manufacturer: "", type: "", accessPoints: [], area: "Hill/Q01" };
  desk.order(actor, { kind: "register-devices", devices: [{ id, name: "Q01", ...about }], group });
  const issued = { authority: "second", profile: "authority", name: "Hill" } as const;
  desk.order(actor, {
    kind: "start-roll-over",
    authority: {
      id: "second",
      standing: "next",
      certificate: next.certificate.toString(),
      cross: "",
      key: sealed("x"),
      createdAt: now,
    },
    certificate: certificateRow(issued, next.certificate),
  });
  const open = (): Approvals => {
    const directory = mkdtempSync(join(tmpdir(), "gridward-approvals-"));
    directories.push(directory);
    return new Approvals({
      directory,
      clock: front,
      note: () => assert.fail("nothing goes wrong"),
      isSettled: (peer) => isSettled(front.state(), peer, front.now()),
      onRejected: () => {},
    });
  };
  const [here, there] = [open(), open()];
  const endpoints = approvalEndpoints({ ...desk, approvals: here });
  const row = front.state().tables.accounts.get(account);
  assert.ok(row);
  const { session } = desk.sessions.issue(row, false);
  const offer = (authority: TestAuthority): string => {
    const name = { kind: "device", device: id } as const;
    const { certificate } = authority.issue({ profile: "device", name });
    const unknown = offeredDevice({ device: id, certificate, address: "192.0.2.7" });
    desk.pass(1);
    for (const approvals of [here, there]) approvals.offer(unknown);
    return fingerprintOf(certificate);
  };
  const approve = async (fingerprint: string, requestId: RequestId = freshRequestId()) => {
    const caller = {
      session,
      actor,
      requestId,
      client: null,
      objection: () => null,
      begunUnder: null,
    };
    const raw = { params: {}, query: {}, body: { fingerprint } };
    const done = await endpoints.approvalApprove.run(raw, caller);
    return done.ok ? approvalRoutes.approvalApprove.answer.parse(done.value) : done.error.code;
  };
  return { desk, actor, present, next, here, there, offer, approve };
}

test("[WA3][CS14] a device is approved under the authority that signed its certificate", async () => {
  const { desk, present, next, offer, approve } = aHouse();
  for (const [authority, expected] of [
    [next, "second"],
    [present, "issuing"],
  ] as const) {
    const fingerprint = offer(authority);
    assert.equal(typeof (await approve(fingerprint)), "object");
    const row = desk.front
      .state()
      .tables.certificates.find((one) => one.fingerprint === fingerprint);
    assert.equal(row?.authority, expected);
  }
  const strange = offer(testAuthority("Ours", Date.now() - hour));
  assert.equal(await approve(strange), "approval.other-authority");
});

test("[WA3][WA6][CS14] what is approved at one server waits at none, and a retry gets the first answer", async () => {
  const { here, there, present, offer, approve } = aHouse();
  const fingerprint = offer(present);
  assert.equal(there.alarms().length, 1);
  const request = freshRequestId();
  const first = await approve(fingerprint.slice(0, 12), request);
  assert.deepEqual([here.peers, there.peers, there.alarms()], [[], [], []]);
  assert.deepEqual(await approve(fingerprint.slice(0, 12), request), first);
  assert.ok(typeof first === "object");
  assert.deepEqual([first.fingerprint, first.kind, first.as], [fingerprint, "device", "Q01"]);
  assert.equal(await approve(fingerprint.slice(0, 12)), "approval.not-found");
});

test("[WA6][CS14] a device that enrolled anew, is lost or is of no system waits no more, one that was rejected stays so", () => {
  const { desk, actor, here, present, offer } = aHouse();
  const old = offer(present);
  desk.pass(1);
  const enrol = (): void => {
    const expiresAt = desk.front.now() + hour;
    desk.order(actor, { kind: "issue-device-code", id, verifier: sealed("code"), expiresAt });
  };
  enrol();
  assert.equal(here.peers.length, 0);
  const found = offer(present);
  const [peer] = here.peers;
  assert.deepEqual([here.peers.length, peer?.fingerprint], [1, found]);
  assert.notEqual(found, old);
  assert.ok(peer);
  here.reject(peer, actor);
  desk.pass(1);
  enrol();
  assert.equal(here.peers.length, 1);
  const state = desk.front.state();
  const nowhere = { ...peer, id: "01ARZ3NDEKTSV4RRFFQ69G5FD0" };
  assert.ok(isSettled(state, nowhere, desk.front.now()));
  const devices = state.tables.devices.map((row) => ({ ...row, status: "lost" as const }));
  const lost = { ...state, tables: { ...state.tables, devices } };
  assert.ok(isSettled(lost, peer, desk.front.now()));
});
