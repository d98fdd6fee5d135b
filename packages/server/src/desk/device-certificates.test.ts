import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceCertificateRoutes } from "@gridward/core/api/device-certificate-routes";
import { deviceRoutes } from "@gridward/core/api/device-routes";
import { deviceId, groupId, sealed } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { day, hour } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { CertificateRow } from "@gridward/core/domain/types";
import { freshRequestId } from "@gridward/runtime/os/random";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { fingerprintOf, serialOf } from "@gridward/runtime/trust/x509/read";
import { certificateRow } from "../ca/certificate-row.ts";
import { aDesk, serverActor } from "./a-desk.ts";
import type { DeviceLines } from "./desk-parts.ts";
import { createEndpoints } from "./endpoints.ts";

const id = deviceId("01ARZ3NDEKTSV4RRFFQ69G5FDX");
const bay = groupId("01ARZ3NDEKTSV4RRFFQ69G5FGX");
const [list, read] = ["deviceCertificateList", "deviceCertificateRead"] as const;
const [replace, remove] = ["deviceCertificateReplace", "deviceCertificateDelete"] as const;

/** A desk with the enrolled device Q01, and what is asked of it. */
async function aDeviceDesk(lines: Partial<DeviceLines> = {}) {
  const plain = aDesk();
  const desk = { ...plain, devices: { ...plain.devices, ...lines } };
  const endpoints = createEndpoints(desk);
  const run = async (
    name: keyof typeof endpoints,
    { body = null, query = {} }: { body?: object | null; query?: object } = {},
  ): Promise<Result<unknown, Refusal>> => {
    const account = desk.front.state().tables.accounts.find((row) => row.name === "admin");
    assert.ok(account);
    const { session } = desk.sessions.issue(account, account.password === null);
    const actor = { kind: "account", id: account.id, name: "admin", door: "https" } as const;
    const requestId = freshRequestId();
    const caller = {
      session,
      actor: { ...actor, source: "" },
      requestId,
      client: null,
      objection: () => null,
      begunUnder: null,
    };
    const params = name === "changePassword" ? {} : { name: "q01" };
    return endpoints[name].run({ params, query, body }, caller);
  };
  await must(run("changePassword", { body: { password: "Bridge-over-7-rivers" } }));
  const { front } = desk;
  const admin = front.state().tables.accounts.find((row) => row.name === "admin");
  assert.ok(admin);
  const by = { kind: "account", id: admin.id, name: "admin", door: "https", source: "" } as const;
  desk.order(by, { kind: "create-group", id: bay, name: "bay1", description: "" });
  const about = { manufacturer: "", type: "", accessPoints: [], area: "Hill/Q01" };
  const devices = [{ id, name: "Q01", ...about }];
  desk.order(by, { kind: "register-devices", devices, group: bay });
  const authority = testAuthority("Theirs", front.now());
  const name = { kind: "device", device: id } as const;
  const certificate = authority.issue({ profile: "device", name, now: front.now() }).certificate;
  const made = certificateRow(
    { authority: "issuing", profile: "device", name: "Q01" },
    certificate,
  );
  const row: CertificateRow = { ...made, subject: `CN=Q01, serialNumber=${id}` };
  const expiresAt = front.now() + hour;
  desk.order(by, { kind: "issue-device-code", id, verifier: sealed("code"), expiresAt });
  desk.order(serverActor, { kind: "enrol-device", id, certificate: row });
  return { desk, run, row, certificate, authority };
}

async function must(done: Promise<Result<unknown, Refusal>>): Promise<unknown> {
  const answered = await done;
  assert.ok(answered.ok, JSON.stringify(answered));
  return answered.value;
}

async function codeOf(done: Promise<Result<unknown, Refusal>>): Promise<string> {
  const answered = await done;
  return answered.ok ? "accepted" : answered.error.code;
}

test("[DESK13][PK6] a device is told to be one with an invalid certificate when its own ended", async () => {
  const { desk, run } = await aDeviceDesk();
  const show = async () => deviceRoutes.deviceShow.answer.parse(await must(run("deviceShow")));
  assert.deepEqual(
    [(await show()).status, (await show()).certificate?.state],
    ["enrolled", "valid"],
  );
  desk.pass(731 * day);
  const after = await show();
  assert.deepEqual([after.status, after.certificate?.state], ["invalid certificate", "expired"]);
});

test("[DESK13][PK6] what a device holds is read back, and known or not", async () => {
  const strange = testAuthority("Strange", Date.now()).certificate;
  const { run, certificate } = await aDeviceDesk({
    readCertificates: async () =>
      ok([
        { use: "device", certificate: certificate.raw.toString("base64url") },
        { use: "anchor", certificate: strange.raw.toString("base64url") },
        { use: "anchor", certificate: "AAAA" },
      ]),
  });
  const { rows } = deviceCertificateRoutes[read].answer.parse(await must(run(read)));
  assert.deepEqual(
    rows.map(({ serial, known, fingerprint }) => [serial, known, fingerprint]),
    [
      [serialOf(certificate), true, fingerprintOf(certificate)],
      [serialOf(strange), false, fingerprintOf(strange)],
    ],
  );
});

test("[DESK13][PK6] a device replaces its certificate if it is connected and can", async () => {
  const far = await aDeviceDesk();
  assert.equal(await codeOf(far.run(read)), "device.not-connected");
  assert.equal(await codeOf(far.run(replace)), "device.not-connected");
  const dry = { query: { dry_run: "true" } };
  assert.equal(await codeOf(far.run(replace, dry)), "device.not-connected");
  let asked = 0;
  const near = await aDeviceDesk({
    isConnected: () => true,
    renewCertificate: async () => ok(asked++ === 0 ? null : "enrolment.failed A: no answer"),
  });
  assert.equal(await codeOf(near.run(replace, dry)), "accepted");
  assert.equal(asked, 0);
  const { serial } = deviceCertificateRoutes[replace].answer.parse(await must(near.run(replace)));
  assert.equal(serial, near.row.serial);
  assert.equal(await codeOf(near.run(replace)), "device.not-renewed");
  const slow = await aDeviceDesk({ renewCertificate: async () => err("device.no-answer") });
  assert.equal(await codeOf(slow.run(replace)), "device.no-answer");
});

test("[DESK13][DESK3][PK6] a certificate of the device is deleted by its serial number, another's is not", async () => {
  const { run, row, desk } = await aDeviceDesk();
  const other = desk.front.state().tables.certificates.find(({ profile }) => profile !== "device");
  const foreign = other?.serial ?? "00";
  assert.equal(await codeOf(run(remove, { body: { serial: foreign } })), "certificate.not-found");
  const body = { serial: row.serial.toUpperCase() };
  await must(run(remove, { body, query: { dry_run: "true" } }));
  const states = async () =>
    deviceCertificateRoutes[list].answer
      .parse(await must(run(list)))
      .rows.map(({ use, state, reason }) => [use, state, reason]);
  assert.deepEqual(await states(), [["current", "valid", null]]);
  await must(run(remove, { body }));
  assert.deepEqual(await states(), [["current", "revoked", "cessationOfOperation"]]);
  assert.equal(await codeOf(run(remove, { body })), "certificate.already-revoked");
});
