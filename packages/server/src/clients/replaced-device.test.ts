import assert from "node:assert/strict";
import type { KeyObject, X509Certificate } from "node:crypto";
import { test, type TestContext } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { day } from "@gridward/core/base/time";
import { systemClock } from "@gridward/runtime/os/clock";
import { decodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { fingerprintOf } from "@gridward/runtime/trust/x509/read";
import { aBay, anEnrolment, aRenewal } from "../frontends/est/a-bay.ts";
import { tlsOf } from "../frontends/https/a-server.ts";
import type { MountedAnswer } from "../mounted-route.ts";
import { openClientGate, type ClientGateParts } from "./client-gate.ts";

const now = systemClock().now();

interface Shown {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

function shownBy({ body }: MountedAnswer, key: KeyObject): Shown {
  const decoded = decodeCertsOnly(Buffer.from(String(body), "base64"));
  const [certificate] = decoded.ok ? decoded.value : [];
  assert.ok(certificate);
  return { certificate, key };
}

/** Connects, and hands out the server's end. */
async function aConnection(t: TestContext, shown: Shown, anchor: string): Promise<TLSSocket> {
  const own = testAuthority("Hill", now - day).issue({ profile: "server", hosts: ["127.0.0.1"] });
  const asks = { requestCert: true, rejectUnauthorized: false, ca: [anchor] };
  const server = createServer({ ...tlsOf(own), ...asks });
  const met = new Promise<TLSSocket>((resolve) => server.once("secureConnection", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  const client = connect({ ...tlsOf(shown), port, host: "127.0.0.1", rejectUnauthorized: false });
  t.after(() => {
    client.destroy();
    server.close();
  });
  return met;
}

test("[CL9][PK8] a certificate that a device renewed counts for a client until the new one was seen", async (t) => {
  const bay = aBay(now);
  const { system, renewals } = bay;
  const [oldKey, newKey] = [createTlsKey(), createTlsKey()];
  const first = shownBy(await bay.enrol(anEnrolment("Q01", bay.issueCode(), oldKey)), oldKey);
  const anchor = system.authority.toString();
  const refused: string[] = [];
  const about = { state: "lone", canSignIn: true, fresh: true, ageMs: 0, at: now } as const;
  const parts: ClientGateParts = {
    settings: () => settings,
    trust: () => ({ anchors: [anchor], lists: [] }),
    state: system.front.state,
    condition: () => ({ ...about, node: system.self.node, duty: "lone" }),
    now: () => now,
    onRefused: ({ refusal }) => void refused.push(`${refusal.code} ${refusal.detail}`),
  };
  const settings = { ...defaultSecurity, require_client_certificates: true } as const;
  const gate = openClientGate(parts);
  const old = await aConnection(t, first, anchor);
  assert.equal(gate.judge(old, "https").verdict, "ok");
  const second = shownBy(await bay.renew(aRenewal(first.certificate, newKey)), newKey);
  assert.equal(gate.judge(old, "https").verdict, "ok");
  renewals.see(bay.q01().id, fingerprintOf(second.certificate));
  for (let turn = 0; turn < 100 && bay.q01().earlier !== null; turn++) await Promise.resolve();
  assert.equal(gate.judge(old, "https").verdict, "refused");
  assert.deepEqual(refused, ["client-certificate.refused T16"]);
  const young = await aConnection(t, second, anchor);
  assert.equal(gate.judge(young, "ldap").verdict, "ok");
  // Of a backup from before, which knows neither.
  const { authorities } = system.front.state().tables;
  const tables = { ...aBay(now).system.front.state().tables, authorities };
  const before = { ...system.front.state(), tables };
  assert.equal(gate.objection(old, settings, before), null);
});
