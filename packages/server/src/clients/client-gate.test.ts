import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect } from "node:tls";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import { day } from "@gridward/core/base/time";
import { LdapFramer } from "@gridward/core/codec/ldap/framer";
import { encodeRequest, type LdapRequest } from "@gridward/core/codec/ldap/request";
import { decodeResponse, type LdapResponse } from "@gridward/core/codec/ldap/response";
import { fingerprintOf, serialOf } from "@gridward/runtime/trust/x509/read";
import {
  aHouseWithPeople,
  authority,
  closeHouses,
  codeOf,
  type House,
  type Issued,
  now,
  person,
  strangers,
} from "../frontends/a-house.ts";
import { member, tlsOf } from "../frontends/https/a-server.ts";
import { rootDse, whoAmI } from "../frontends/ldap/fixtures.ts";

const root = mkdtempSync(join(tmpdir(), "gridward-clients-"));
after(async () => {
  await closeHouses();
  rmSync(root, { recursive: true });
});

async function withPeople(choice: Partial<SecuritySettings> = {}): Promise<House> {
  return aHouseWithPeople(root, choice);
}

/** Requests over one connection, and the answers as they came. */
function dial(house: House, issued?: Issued) {
  const socket = connect({
    host: "127.0.0.1",
    port: house.ldap.port,
    ca: authority.certificate.toString(),
    ...(issued && tlsOf(issued)),
  });
  const framer = new LdapFramer();
  const waiting: ((response: LdapResponse) => void)[] = [];
  socket.on("data", (chunk: Bytes) => {
    const frames = framer.push(chunk);
    assert.ok(frames.ok);
    for (const frame of frames.value) {
      const answer = decodeResponse(frame);
      assert.ok(answer.ok);
      if (answer.value.response.kind !== "entry") waiting.shift()?.(answer.value.response);
    }
  });
  let id = 1;
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return {
    ended,
    end: () => socket.destroy(),
    ask: async (
      request: LdapRequest,
    ): Promise<{ readonly code: number; readonly said: string }> => {
      const answered = new Promise<LdapResponse>((resolve) => waiting.push(resolve));
      socket.write(encodeRequest({ id: id++, request, controls: [] }));
      const response = await answered;
      assert.ok("result" in response);
      const { code, message } = response.result;
      const value = response.kind === "extended" ? response.value : null;
      return { code, said: value === null ? message : new TextDecoder().decode(value) };
    },
  };
}

function external(identity: string | null): LdapRequest {
  const initial = identity === null ? null : new Secret<Bytes>(utf8(identity));
  const credential = { kind: "sasl", mechanism: "EXTERNAL", initial } as const;
  return { kind: "bind", version: 3, name: "", credential };
}

const annaDn = "dn:uid=anna,ou=people,dc=example,dc=org";

async function external1(house: House, issued: Issued | undefined, identity: string | null = "") {
  const line = dial(house, issued);
  const bound = await line.ask(external(identity));
  const who = bound.code === 0 ? (await line.ask(whoAmI)).said : bound.said;
  line.end();
  return [bound.code, who];
}

test("[CL1][CS13] EXTERNAL signs in as whom the certificate leads to, and as nobody else", async () => {
  const house = await withPeople({ map_clients: true });
  const anna = person(["Anna@example.org"]);
  const both = person(["anna@example.org", "otto@example.org"]);
  await house.map("anna", "email:anna@example.org");
  await house.map("otto", "email:otto@example.org");
  for (const identity of ["", null, "u:anna", "u:ANNA", annaDn]) {
    assert.deepEqual(await external1(house, anna, identity), [0, annaDn], String(identity));
  }
  for (const identity of ["u:otto", "u:nobody", "dn:uid=otto,ou=people,dc=example,dc=org"]) {
    assert.deepEqual(await external1(house, anna, identity), [49, "Access denied."], identity);
  }
  assert.equal((await external1(house, anna, "x:anna"))[0], 49);
  assert.equal((await external1(house, both))[0], 8);
  await house.map("otto", `sha256:${fingerprintOf(both.certificate)}`);
  assert.equal((await external1(house, both))[1], "dn:uid=otto,ou=people,dc=example,dc=org");
  assert.equal((await external1(house, undefined))[0], 48);
});

test("[CL1][CL6][CS13] HTTPS signs in by certificate, and the session is good with it alone", async () => {
  const house = await withPeople({ map_clients: true });
  const anna = person(["anna@example.org"]);
  const otto = person(["otto@example.org"]);
  await house.map("anna", "email:anna@example.org");
  await house.map("otto", "email:otto@example.org");
  const body = { certificate: true };
  const tls = tlsOf(anna);
  const opened = await house.https.ask("POST", "/v1/session", { body, tls });
  const session = member(opened.json, "data", "token");
  const who = await house.https.ask("GET", "/v1/session", { token: session, tls });
  assert.equal(member(who.json, "data", "account", "name"), "anna");
  assert.equal(member(who.json, "data", "certificate"), fingerprintOf(anna.certificate));
  for (const other of [undefined, tlsOf(otto)]) {
    const stolen = await house.https.ask("GET", "/v1/session", {
      token: session,
      ...(other && { tls: other }),
    });
    assert.equal(stolen.status, 401);
  }
  const asOtto = { ...body, name: "otto" };
  const refused = await house.https.ask("POST", "/v1/session", { body: asOtto, tls });
  assert.deepEqual([refused.status, codeOf(refused)], [401, "credential.rejected"]);
  const none = await house.https.ask("POST", "/v1/session", { body });
  assert.equal(codeOf(none), "client-certificate.none");
  await remove(house, "anna", "email:anna@example.org");
  const ended = await house.https.ask("GET", "/v1/session", { token: session, tls });
  assert.deepEqual([ended.status, codeOf(ended)], [403, "client-certificate.nobody"]);
});

async function remove(house: House, name: string, key: string) {
  const path = `/v1/accounts/${name}/certificates/remove`;
  const done = await house.https.ask("POST", path, { token: house.token, body: { key } });
  assert.equal(done.status, 200, done.text);
}

test("[CL2][CL3][CS6] with mapping on, what is not good or leads to nobody is declined", async () => {
  const house = await withPeople({ map_clients: true });
  await house.map("anna", "email:anna@example.org");
  const emails = ["anna@example.org"];
  const cases: readonly (readonly [Issued, string, string])[] = [
    [strangers.issue({ profile: "person", emails }), "", "T02"],
    [authority.issue({ profile: "person", emails, now: now - 400 * day }), "", "T03"],
    [authority.issue({ profile: "log-collector", emails, hosts: ["a.example.org"] }), "", "T06"],
    [person(["nobody@example.org"]), "client-certificate.nobody", ""],
  ];
  for (const [issued, code, cause] of cases) {
    const answer = await house.https.ask("GET", "/v1/session", {
      token: house.token,
      tls: tlsOf(issued),
    });
    assert.deepEqual([answer.status, codeOf(answer)], [403, code || "client-certificate.refused"]);
    const heard = cause || fingerprintOf(issued.certificate);
    assert.equal(member(answer.json, "error", "where"), heard);
    const [number, said] = await external1(house, issued);
    assert.equal(number, 8);
    assert.match(String(said), cause === "" ? /no account/ : new RegExp(`\\(${cause}\\)`));
    assert.match(
      house.world.refused.at(-1)?.facts ?? "",
      cause === "" ? /no account/ : /client pre/,
    );
  }
  house.world.settings = { ...house.world.settings, map_clients: false };
  const good = person(emails);
  assert.deepEqual((await external1(house, good))[0], 7);
  const off = await house.https.ask("POST", "/v1/session", {
    body: { certificate: true },
    tls: tlsOf(good),
  });
  assert.equal(codeOf(off), "client-certificate.not-mapped");
});

test("[CL4][CS6] who must present a certificate is told so, but where one leads to it", async () => {
  const house = await withPeople({ require_client_certificates: true });
  const open = ["/health", "/health/main"];
  for (const path of open) assert.equal((await house.https.ask("GET", path)).status, 200, path);
  for (const path of ["/v1/session", "/v1/accounts", "/nothing"]) {
    const answer = await house.https.ask("GET", path, { token: house.token });
    assert.deepEqual([answer.status, codeOf(answer)], [403, "client-certificate.required"], path);
  }
  const tls = tlsOf(person([]));
  const known = await house.https.ask("GET", "/v1/accounts", { token: house.token, tls });
  assert.equal(known.status, 200);
  const line = dial(house);
  const { code, said } = await line.ask(rootDse());
  assert.deepEqual([code, said], [8, "This server takes no client without a certificate. (T09)"]);
  await line.ended;
  const well = dial(house, person([]));
  assert.equal((await well.ask(rootDse())).code, 0);
  well.end();
});

test("[CL5][CS16] what changes counts at the next operation of an open connection", async () => {
  const house = await withPeople({ map_clients: true });
  const anna = person(["anna@example.org"]);
  await house.map("anna", "email:anna@example.org");
  const changes: readonly (() => Promise<unknown>)[] = [
    async () => remove(house, "anna", "email:anna@example.org"),
    async () => {
      const revoked = new Map([[serialOf(anna.certificate), { at: now }]]);
      const dates = { number: 1n, thisUpdate: now, nextUpdate: now + day };
      house.world.lists = [{ ...dates, revoked, isSignedBy: () => true }];
      // The gate looks again when a list came into the journal.
      house.pass(61_000);
    },
    async () => {
      house.world.settings = { ...house.world.settings, require_client_certificates: true };
    },
  ];
  for (const [index, change] of changes.entries()) {
    house.world.lists = [];
    await house.map("anna", "email:anna@example.org");
    const line = dial(house, index === 2 ? undefined : anna);
    assert.equal((await line.ask(index === 2 ? rootDse() : external(""))).code, 0);
    await change();
    assert.equal((await line.ask(whoAmI)).code, 8, `change ${index}`);
    await line.ended;
  }
});

test("[CL2][CS6] a revoked certificate signs nobody in where links do not look at lists", async () => {
  const house = await withPeople({ map_clients: true, revocation: "off" });
  const anna = person(["anna@example.org"]);
  await house.map("anna", "email:anna@example.org");
  assert.equal((await external1(house, anna))[0], 0);
  const revoked = new Map([[serialOf(anna.certificate), { at: now }]]);
  const dates = { number: 1n, thisUpdate: now, nextUpdate: now + day };
  house.world.lists = [{ ...dates, revoked, isSignedBy: () => true }];
  const refused = [8, "The client's certificate is refused for the cause that is named. (T07)"];
  assert.deepEqual(await external1(house, anna), refused);
  house.world.lists = [];
  assert.equal((await external1(house, anna))[0], 0);
  house.world.revokedHere = serialOf(anna.certificate);
  assert.deepEqual(await external1(house, anna), refused);
});

test("[WA1][WA3][CS14] an unknown client waits, is approved as an account, and is let in", async () => {
  const house = await withPeople({ map_clients: true });
  const { token } = house;
  const anna = person(["anna@example.org"]);
  const fingerprint = fingerprintOf(anna.certificate);
  const stranger = strangers.issue({ profile: "person", emails: ["anna@example.org"] });
  assert.equal((await external1(house, anna))[0], 8);
  assert.equal((await external1(house, stranger))[0], 8);
  assert.equal((await external1(house, undefined))[0], 48);
  const list = await house.https.ask("GET", "/v1/security/approvals", { token });
  assert.match(list.text, new RegExp(`"fingerprint":"${fingerprint}","kind":"client"`));
  assert.equal(house.approvals.peers.length, 1);
  const settle = async (verb: string, body: Readonly<Record<string, string>>, query = "") =>
    house.https.ask("POST", `/v1/security/approvals/${verb}${query}`, { token, body });
  const short = { fingerprint: fingerprint.slice(0, 12) };
  assert.equal(codeOf(await settle("approve", short)), "approval.needs-account");
  const unknown = { ...short, account: "nobody" };
  assert.equal(codeOf(await settle("approve", unknown)), "account.not-found");
  const tried = await settle("reject", short, "?dry_run=true");
  assert.equal(tried.status, 200, tried.text);
  const only = await settle("approve", { ...short, account: "anna" }, "?dry_run=true");
  assert.equal(only.status, 200, only.text);
  assert.deepEqual(
    house.approvals.peers.map(({ rejected }) => rejected),
    [null],
  );
  assert.equal((await settle("reject", short)).status, 200);
  assert.equal(codeOf(await settle("reject", short)), "approval.rejected-already");
  const done = await settle("approve", { ...short, account: "anna" });
  assert.equal(done.status, 200, done.text);
  assert.deepEqual(house.approvals.peers, []);
  assert.deepEqual(await external1(house, anna), [0, annaDn]);
  assert.equal(codeOf(await settle("approve", short)), "approval.not-found");
});
