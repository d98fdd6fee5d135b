import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { defaultSecurity, type SecuritySettings } from "@gridward/core/base/security-settings";
import { aHouseWithPeople, closeHouses, codeOf, type House, person } from "../frontends/a-house.ts";
import { member, tlsOf } from "../frontends/https/a-server.ts";

const root = mkdtempSync(join(tmpdir(), "gridward-clients-"));
after(async () => {
  await closeHouses();
  rmSync(root, { recursive: true });
});

async function withPeople(choice: Partial<SecuritySettings> = {}): Promise<House> {
  return aHouseWithPeople(root, choice);
}

test("[CL8][CS17] nobody orders over HTTPS what would refuse himself", async () => {
  const house = await withPeople();
  const { token } = house;
  const tls = tlsOf(person([]));
  const order = async (settings: Readonly<Record<string, string>>, shown: boolean) => {
    const body = { settings, confirm: true };
    const more = { token, body, ...(shown && { tls }) };
    return codeOf(await house.https.ask("POST", "/v1/security/settings?dry_run=true", more));
  };
  const required = { "require-client-certificates": "true" };
  const mapped = { "map-clients": "true" };
  assert.equal(await order(required, false), "security.shuts-you-out");
  assert.equal(await order(required, true), "");
  assert.equal(await order(mapped, true), "security.shuts-you-out");
  assert.equal(await order(mapped, false), "");
});

test("[CL8][CS17] who orders that older TLS is refused speaks the newer one", async () => {
  const { https, token } = await withPeople();
  const body = { settings: { "tls-min": "1.3" }, confirm: true };
  for (const [maxVersion, code] of [
    ["TLSv1.2", "security.shuts-you-out"],
    ["TLSv1.3", ""],
  ] as const) {
    const more = { token, body, tls: { maxVersion } };
    const path = "/v1/security/settings?dry_run=true";
    assert.equal(codeOf(await https.ask("POST", path, more)), code);
  }
});

test("[CL8][CS17] the certificate of whoever orders is judged anew, and two orders at once do not pass it", async () => {
  const house = await withPeople({ require_client_certificates: true });
  const { token } = house;
  const tls = tlsOf(person([]));
  const order = async (settings: Readonly<Record<string, string>>, shown = true) => {
    const body = { settings, confirm: true };
    const more = { token, body, ...(shown && { tls }) };
    return codeOf(await house.https.ask("POST", "/v1/security/settings", more));
  };
  assert.equal(await order({ revocation: "hard" }), "security.shuts-you-out", "there is no list");
  assert.equal(await order({ "require-client-certificates": "link" }), "");
  const both = [{ revocation: "hard" }, { "require-client-certificates": "true" }];
  const codes = await Promise.all(both.map(async (each) => order(each)));
  assert.deepEqual(codes.toSorted(), ["", "security.shuts-you-out"]);
});

test("[CL8][CS17] nobody takes back the mapping that lets him in", async () => {
  const house = await withPeople();
  const { token } = house;
  for (const name of ["admin", "anna"]) await house.map(name, `email:${name}@example.org`);
  const all = { ...defaultSecurity, require_client_certificates: true, map_clients: true };
  house.world.settings = all;
  const tls = tlsOf(person(["admin@example.org"]));
  const unmap = async (name: string) => {
    const path = `/v1/accounts/${name}/certificates/remove`;
    const body = { key: `email:${name}@example.org` };
    return codeOf(await house.https.ask("POST", path, { token, body, tls }));
  };
  assert.equal(await unmap("admin"), "security.shuts-you-out");
  assert.equal(await unmap("anna"), "");
});

test("[CL8][CS17] nobody revokes the certificate by which he comes, where one counts", async () => {
  const house = await withPeople();
  const { token } = house;
  const issue = async (name: string) => {
    const body = { name, profile: "person", format: "pem", password: null };
    const path = "/v1/certificates";
    const { json } = await house.https.ask("POST", path, { token, body: { ...body, emails } });
    const pem = Buffer.from(member(json, "data", "file"), "base64").toString();
    return { serial: member(json, "data", "serial"), tls: { key: pem, cert: pem } };
  };
  const emails = ["admin@example.org"];
  const [own, other] = [await issue("admin"), await issue("other")];
  const revoke = async (serial: string) => {
    const body = { certificate: serial, reason: "superseded" };
    const more = { token, body, tls: own.tls };
    return codeOf(await house.https.ask("POST", "/v1/certificates/revoke", more));
  };
  house.world.settings = { ...defaultSecurity, require_client_certificates: true };
  assert.equal(await revoke(own.serial), "security.shuts-you-out");
  assert.equal(await revoke(other.serial), "");
  house.world.settings = defaultSecurity;
  assert.equal(await revoke(own.serial), "", "where none counts nobody is shut out");
});
