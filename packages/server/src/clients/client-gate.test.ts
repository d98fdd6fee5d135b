import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect } from "node:tls";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
import { defaultSecurity, type SecuritySettings } from "@gridward/core/base/security-settings";
import { day } from "@gridward/core/base/time";
import { LdapFramer } from "@gridward/core/codec/ldap/framer";
import { encodeRequest, type LdapRequest } from "@gridward/core/codec/ldap/request";
import { decodeResponse, type LdapResponse } from "@gridward/core/codec/ldap/response";
import { systemClock } from "@gridward/runtime/os/clock";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { CertificateRow } from "@gridward/core/domain/types";
import type { RevocationList } from "@gridward/runtime/trust/revocation";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { fingerprintOf, serialOf } from "@gridward/runtime/trust/x509/read";
import { aDesk } from "../desk/a-desk.ts";
import { aServer, member, type TestServer, tlsOf } from "../frontends/https/a-server.ts";
import { rootDse, whoAmI } from "../frontends/ldap/fixtures.ts";
import { serveLdap } from "../frontends/ldap/serve-ldap.ts";
import { Approvals } from "../approvals/approvals.ts";
import { isSettled } from "../approvals/is-settled.ts";
import { offeredClient } from "../approvals/offer-peers.ts";
import { type SecurityOrder, SecurityChanges } from "../security/security-changes.ts";
import { StandingSettings } from "../security/standing-settings.ts";
import { openClientGate, type RefusedClient } from "./client-gate.ts";

const now = systemClock().now();
const authority = testAuthority("Hill", now - day);
const strangers = testAuthority("Theirs", now - day);
const person = (emails: readonly string[]) => authority.issue({ profile: "person", emails });
const closers: (() => Promise<void>)[] = [];
after(async () => Promise.all(closers.map((close) => close())));

type Issued = ReturnType<typeof person>;

const nothing: readonly RevocationList[] = [];

/** HTTPS and LDAPS over one desk and one gate, with `anna` and `otto`. */
async function aHouse(choice: Partial<SecuritySettings> = {}) {
  const desk = aDesk();
  const standing = new StandingSettings({ ...defaultSecurity, ...choice });
  const world = {
    get settings() {
      return standing.now;
    },
    set settings(settings: SecuritySettings) {
      standing.apply(settings, now);
    },
    lists: nothing,
    /** By the journal of this server, of which there is no list yet. */
    revokedHere: "",
    refused: new Array<RefusedClient>(),
  };
  const directory = mkdtempSync(join(tmpdir(), "gridward-clients-"));
  closers.push(async () => Promise.resolve(rmSync(directory, { recursive: true })));
  const approvals = new Approvals({
    directory,
    clock: { now: desk.front.now },
    note: () => {},
    isSettled: (peer) => isSettled(desk.front.state(), peer, desk.front.now()),
    onRejected: () => {},
  });
  const gate = openClientGate({
    settings: () => world.settings,
    trust: () => ({ anchors: [authority.certificate.toString()], lists: world.lists }),
    state: () => withRevoked(desk.front.state(), world.revokedHere),
    condition: desk.front.condition,
    now: desk.front.now,
    onRefused: (refused) => {
      world.refused.push(refused);
      const unknown = offeredClient(refused);
      if (unknown) approvals.offer(unknown);
    },
  });
  const changes = changesOf(directory, standing);
  const security = {
    ...desk.security,
    now: () => world.settings,
    set: async (order: SecurityOrder) => changes.set(order),
  };
  const anchors = [authority.certificate.toString()];
  const wired = { ...desk, security, approvals };
  const https = await aServer({ desk: wired, clients: gate, anchors });
  const own = authority.issue({ profile: "server", hosts: ["127.0.0.1"] });
  const { key, cert } = tlsOf(own);
  const ldap = await serveLdap(desk.front, {
    host: "127.0.0.1",
    port: 0,
    identity: { key: new Secret(key), certificate: cert, anchors },
    clients: gate,
    live: { enter: () => () => undefined },
    clock: systemClock(),
    limit: { most: 64, mostOfOne: 64, onTurnedAway: () => {} },
    version: "0.1.0",
    note: () => {},
  });
  closers.push(
    async () => https.close(),
    async () => ldap.close(),
  );
  return { ...wired, world, https, ldap };
}

function withRevoked(state: DirectoryState, serial: string): DirectoryState {
  if (serial === "") return state;
  const revoked = { at: now, reason: "keyCompromise", by: "admin" } as const;
  const row: CertificateRow = {
    serial,
    authority: "",
    profile: "person",
    name: "",
    subject: "",
    alternativeNames: "",
    fingerprint: "",
    notBefore: now,
    notAfter: now,
    revoked,
  };
  const certificates = state.tables.certificates.set(serial, row);
  return { ...state, tables: { ...state.tables, certificates } };
}

/** A lone server's. */
function changesOf(directory: string, settings: StandingSettings): SecurityChanges {
  const places = 'name = "A"\nlisten = "127.0.0.1"\naddress = "127.0.0.1"\n';
  writeFileSync(join(directory, "server.toml"), places);
  return new SecurityChanges({
    directory,
    settings,
    partners: () => [],
    directions: () => ({ dial: { verdict: "not tried" }, accept: { verdict: "not tried" } }),
    rejudge: async () => {},
    recheck: async () => {},
    refresh: () => {},
    onChange: () => {},
    clock: systemClock(),
  });
}

type House = Awaited<ReturnType<typeof aHouse>>;

async function withPeople(choice: Partial<SecuritySettings> = {}) {
  const house = await aHouse();
  const token = await house.https.administrator();
  for (const name of ["anna", "otto"]) {
    const body = { name, roles: [{ role: "OPERATOR" }] };
    assert.equal((await house.https.ask("POST", "/v1/accounts", { token, body })).status, 200);
  }
  const map = async (name: string, key: string) => {
    const path = `/v1/accounts/${name}/certificates`;
    return house.https.ask("POST", path, { token, body: { key } });
  };
  house.world.settings = { ...house.world.settings, ...choice };
  return { ...house, token, map };
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

function codeOf({ json }: Awaited<ReturnType<TestServer["ask"]>>): string {
  return member(json, "error", "code");
}

async function remove(house: House & { readonly token: string }, name: string, key: string) {
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
  house.world.lists = nothing;
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
