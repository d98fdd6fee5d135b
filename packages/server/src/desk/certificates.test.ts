import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { test } from "node:test";
import type * as z from "zod";
import { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { deviceId, groupId, nodeId, requestId, type RequestId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { day } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { greedyRequest } from "@gridward/runtime/trust/test-greedy-request";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { objectIds } from "@gridward/runtime/trust/x509/object-ids";
import { pemCertificates } from "@gridward/runtime/trust/x509/pem";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { readPkcs12 } from "@gridward/runtime/trust/x509/read-pkcs12";
import { aDesk, type TestDesk } from "./a-desk.ts";
import type { Caller } from "./caller.ts";
import { createEndpoints } from "./endpoints.ts";

type RouteName = keyof typeof certificateRoutes;
type ListRow = z.output<typeof certificateRoutes.certificateList.answer>["rows"][number];

const routeNames = [
  "certificateList",
  "certificateIssue",
  "certificateSign",
  "certificateRevoke",
  "revocationList",
  "authorityExport",
] as const satisfies readonly RouteName[];

/** A desk with a real authority, asked as its administrator. */
class CertificateDesk {
  readonly desk: TestDesk = aDesk();
  readonly #endpoints = createEndpoints(this.desk);
  objection: Caller["objection"] = () => null;

  async ready(): Promise<this> {
    const body = { password: "Bridge-over-7-rivers" };
    const changed = await this.#run("changePassword", body, {}, freshRequestId());
    assert.ok(changed.ok);
    return this;
  }

  async #run(
    name: RouteName | "changePassword",
    body: object | null,
    query: object,
    id: RequestId,
  ): Promise<Result<unknown, Refusal>> {
    const account = this.desk.front.state().tables.accounts.find((row) => row.name === "admin");
    assert.ok(account);
    const { session } = this.desk.sessions.issue(account, account.password === null);
    const actor = { kind: "account", id: account.id, name: "admin", door: "https" } as const;
    const caller = {
      session,
      actor: { ...actor, source: "" },
      requestId: id,
      client: null,
      objection: this.objection,
      begunUnder: 0,
    };
    return this.#endpoints[name].run({ params: {}, query, body }, caller);
  }

  /** The answer, read by the schema that made it. */
  async must<Schema extends z.ZodType>(
    route: { readonly summary: string; readonly answer: Schema },
    body: object | null = null,
    { query = {}, id = freshRequestId() }: { query?: object; id?: RequestId } = {},
  ): Promise<z.output<Schema>> {
    const name = routeNames.find((each) => certificateRoutes[each].summary === route.summary);
    assert.ok(name);
    const done = await this.#run(name, body, query, id);
    assert.ok(done.ok, JSON.stringify(done));
    return route.answer.parse(done.value);
  }

  async codeOf(name: RouteName, body: object | null, id = freshRequestId()): Promise<string> {
    const done = await this.#run(name, body, {}, id);
    return done.ok ? "accepted" : done.error.code;
  }
}

const ftp = {
  name: "ftp",
  profile: "file-transfer",
  hosts: ["ftp.example.org", "192.0.2.7"],
} as const;

test("[DESK10][PK3] key and certificate leave in one file, and the key is nowhere else", async () => {
  const desk = await new CertificateDesk().ready();
  const issued = await desk.must(certificateRoutes.certificateIssue, { ...ftp, format: "p12" });
  assert.match(issued.password ?? "", /^([0-9A-Z]{5}-){4}[0-9A-Z]{6}$/);
  const der = Buffer.from(issued.file ?? "", "base64");
  const read = await readPkcs12(der, new Secret(issued.password ?? ""));
  assert.ok(read.ok);
  const [key, [leaf, authority]] = [read.value.keys[0], read.value.certificates];
  assert.ok(key !== undefined && leaf !== undefined && authority !== undefined);
  assert.ok(leaf.checkPrivateKey(key) && authority.ca && leaf.checkIssued(authority));
  assert.equal(leaf.subjectAltName, "DNS:ftp.example.org, IP Address:192.0.2.7");
  const plain = key.export({ format: "jwk" }).d ?? "no key";
  const kept = JSON.stringify([desk.desk.entries(), desk.desk.front.state()]);
  assert.equal(kept.includes(plain), false);
  assert.equal(kept.includes(issued.password ?? ""), false);
  assert.equal(desk.desk.front.state().tables.certificates.get(issued.serial ?? "")?.name, "ftp");
});

test("[CA19][PK3] an IED of another make gets what a device of ours has: both ends of TLS, its names, its id", async () => {
  const desk = await new CertificateDesk().ready();
  const order = { profile: "vendor-device", format: "pem", password: null } as const;
  const none = await desk.codeOf("certificateIssue", { ...order, name: "REL670" });
  assert.equal(none, "certificate.bad-host");
  const hosts = ["rel670.hill.example", "192.0.2.9"];
  const stranger = await leafOf(desk, { ...order, name: "REL670", hosts });
  assert.equal(stranger.subjectAltName, "DNS:rel670.hill.example, IP Address:192.0.2.9");
  assert.deepEqual(stranger.keyUsage, [objectIds.serverAuth, objectIds.clientAuth]);
  const id = deviceId(freshId());
  const about = { manufacturer: "", type: "", area: "Hill", id, name: "Q09" };
  const devices = [{ ...about, accessPoints: [{ name: "S1", ip: "192.0.2.17" }] }];
  const group = groupId(freshId());
  const state = desk.desk.front.state();
  const actor = state.tables.accounts.find((row) => row.name === "admin");
  assert.ok(actor);
  const by = { kind: "account", id: actor.id, name: "admin", door: "https", source: "" } as const;
  for (const command of [
    { kind: "create-group", id: group, name: "bay9", description: "" },
    { kind: "register-devices", devices, group },
  ] as const) {
    const given = { command, actor: by, requestId: freshRequestId() };
    const done = await desk.desk.front.submit(given);
    assert.ok(done.ok, JSON.stringify(done));
  }
  const registered = await leafOf(desk, { ...order, name: "Q09" });
  const uri = `URI:urn:gridward:device:${id}`;
  assert.equal(registered.subjectAltName, `${uri}, DNS:Q09, IP Address:192.0.2.17`);
  const chosen = await leafOf(desk, { ...order, name: "Q09", hosts: ["192.0.2.18"] });
  assert.equal(chosen.subjectAltName, `${uri}, IP Address:192.0.2.18`);
  // Of no other profile is a device by its name.
  const ftp09 = { ...order, name: "Q09", profile: "file-transfer", hosts: ["192.0.2.18"] } as const;
  assert.equal((await leafOf(desk, ftp09)).subjectAltName, "IP Address:192.0.2.18");
});

/** The certificate in the file that an order is answered with. */
async function leafOf(desk: CertificateDesk, order: object): Promise<X509Certificate> {
  const { file } = await desk.must(certificateRoutes.certificateIssue, order);
  const [pem = ""] = pemCertificates(Buffer.from(file ?? "", "base64").toString());
  const leaf = readCertificate(pem);
  assert.ok(leaf);
  return leaf;
}

test("[DESK10] a password of one's own is not told again, and a PEM file may have none", async () => {
  const desk = await new CertificateDesk().ready();
  const pem = { ...ftp, format: "pem" } as const;
  const own = await desk.must(certificateRoutes.certificateIssue, {
    ...pem,
    password: "of my own choice",
  });
  assert.equal(own.password, null);
  const text = Buffer.from(own.file ?? "", "base64").toString();
  assert.match(text, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 2);
  const open = await desk.must(certificateRoutes.certificateIssue, {
    ...pem,
    password: null,
    key: "rsa",
  });
  assert.match(Buffer.from(open.file ?? "", "base64").toString(), /^-----BEGIN PRIVATE KEY-----/);
  const refusals = [
    [{ ...ftp, format: "p12", password: null }, "certificate.needs-password"],
    [{ ...ftp, format: "p12", password: "short" }, "certificate.bad-password"],
    [{ ...ftp, format: "pem", password: "größer als nötig" }, "certificate.bad-password"],
    [{ ...ftp, format: "p12", hosts: [] }, "certificate.bad-host"],
    [{ ...ftp, format: "p12", hosts: ["-ftp"] }, "certificate.bad-host"],
    [{ ...ftp, format: "p12", emails: ["a@example.org"] }, "certificate.bad-mail"],
    [{ name: "eve", profile: "person", emails: ["eve"], format: "p12" }, "certificate.bad-mail"],
    [{ ...ftp, name: " ", format: "p12" }, "certificate.bad-name"],
    [{ ...ftp, profile: "server", format: "p12" }, "request.malformed"],
  ] as const;
  for (const [body, code] of refusals) {
    assert.equal(await desk.codeOf("certificateIssue", body), code, JSON.stringify(body));
  }
  desk.desk.become({ duty: "standby", fresh: false });
  assert.equal(await desk.codeOf("certificateIssue", { ...ftp, format: "p12" }), "pair.not-main");
});

test("[DESK10] a retry is told that the key is gone, not given another; a try issues nothing", async () => {
  const desk = await new CertificateDesk().ready();
  const before = desk.desk.entries().length;
  const body = { ...ftp, format: "p12" } as const;
  const tried = await desk.must(certificateRoutes.certificateIssue, body, {
    query: { dry_run: "true" },
  });
  assert.deepEqual([tried.file, tried.password, tried.serial], [null, null, null]);
  assert.equal(desk.desk.entries().length, before);
  const id = requestId("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  await desk.must(certificateRoutes.certificateIssue, body, { id });
  assert.equal(await desk.codeOf("certificateIssue", body, id), "certificate.key-gone");
  assert.equal(desk.desk.entries().length, before + 1);
});

test("[DESK11][PK2] of a request nothing counts but its key, and a retry gets the same", async () => {
  const desk = await new CertificateDesk().ready();
  const request = greedyRequest(createTlsKey(), nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  const body = { ...ftp, request: Buffer.from(request).toString("base64") };
  const id = requestId("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  const tried = await desk.must(certificateRoutes.certificateSign, body, {
    query: { dry_run: "true" },
  });
  assert.deepEqual([tried.certificate, tried.serial], [null, null]);
  const signed = await desk.must(certificateRoutes.certificateSign, body, { id });
  const leaf = readCertificate(signed.certificate ?? "");
  assert.ok(leaf);
  assert.equal(leaf.subject, "CN=ftp");
  assert.equal(leaf.subjectAltName, "DNS:ftp.example.org, IP Address:192.0.2.7");
  assert.equal(leaf.ca, false);
  assert.equal(
    (await desk.must(certificateRoutes.certificateSign, body, { id })).certificate,
    signed.certificate,
  );
  const broken = { ...body, request: Buffer.from("no request").toString("base64") };
  assert.equal(await desk.codeOf("certificateSign", broken), "enrolment.bad-request");
});

test("[DESK12][PK5] a certificate is revoked by its number or by a name that is its alone", async () => {
  const desk = await new CertificateDesk().ready();
  const issue = async (): Promise<string> =>
    (await desk.must(certificateRoutes.certificateIssue, { ...ftp, format: "p12" })).serial ?? "";
  const [first, second] = [await issue(), await issue()];
  const reason = "superseded";
  const revoke = async (certificate: string): Promise<string> =>
    desk.codeOf("certificateRevoke", { certificate, reason });
  assert.equal(await revoke("ftp"), "certificate.ambiguous");
  assert.equal(await revoke("nobody"), "certificate.not-found");
  const spelt = first.toUpperCase().replaceAll(/..(?=.)/g, "$&:");
  const tried = await desk.must(
    certificateRoutes.certificateRevoke,
    { certificate: spelt, reason },
    { query: { dry_run: "true" } },
  );
  assert.deepEqual([tried.serial, tried.state], [first, "valid"]);
  desk.objection = (_, state) =>
    state?.tables.certificates.get(first)?.revoked ? "it came by this very certificate" : null;
  assert.equal(await revoke(first), "security.shuts-you-out");
  desk.objection = () => null;
  const id = requestId("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  const done = await desk.must(
    certificateRoutes.certificateRevoke,
    { certificate: spelt, reason },
    { id },
  );
  assert.deepEqual([done.state, done.reason, done.revoked_by], ["revoked", reason, "admin"]);
  const again = await desk.must(
    certificateRoutes.certificateRevoke,
    { certificate: spelt, reason },
    { id },
  );
  assert.equal(again.sequence, done.sequence);
  assert.equal(await revoke(first), "certificate.already-revoked");
  const byName = await desk.must(certificateRoutes.certificateRevoke, {
    certificate: "FTP",
    reason,
  });
  assert.equal(byName.serial, second);
  assert.equal(await revoke("ftp"), "certificate.already-revoked");
});

test("[DESK12][PK6] all certificates are listed with their state, page by page, also of one name", async () => {
  const desk = await new CertificateDesk().ready();
  const serials = new Set<string>();
  for (let count = 0; count < 5; count++) {
    serials.add(
      (await desk.must(certificateRoutes.certificateIssue, { ...ftp, format: "p12" })).serial ?? "",
    );
  }
  const [one = ""] = serials;
  await desk.must(certificateRoutes.certificateRevoke, { certificate: one, reason: "superseded" });
  const listed: ListRow[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const query = { limit: "2", profile: "file-transfer", ...(cursor ? { cursor } : {}) };
    const page: z.output<typeof certificateRoutes.certificateList.answer> = await desk.must(
      certificateRoutes.certificateList,
      null,
      { query },
    );
    listed.push(...page.rows);
    cursor = page.next;
  }
  assert.deepEqual(new Set(listed.map(({ serial }) => serial)), serials);
  assert.equal(listed.length, serials.size);
  const states = listed.map(({ state }) => state).toSorted();
  assert.deepEqual(states, ["revoked", "valid", "valid", "valid", "valid"]);
  desk.desk.pass(800 * day);
  const later = await desk.must(certificateRoutes.certificateList, null, {
    query: { search: "ftp", sort: "state" },
  });
  assert.equal(later.rows.filter(({ state }) => state === "expired").length, 4);
});

test("[DESK14][CS17][PK7] a former authority is given up by who comes in without it", async () => {
  const desk = await new CertificateDesk().ready();
  const finish = async (): Promise<string> => desk.codeOf("rollOverFinish", null);
  desk.objection = (_, state) =>
    state?.tables.authorities.every(({ standing }) => standing !== "former") === true
      ? "it came by a certificate of the former one"
      : null;
  assert.equal(await finish(), "security.shuts-you-out");
  desk.objection = () => null;
  assert.equal(await finish(), "authority.no-former");
});

test("[DESK12] trust anchors are for everybody who is signed in; a list there is none of yet is said", async () => {
  const desk = await new CertificateDesk().ready();
  const { rows } = await desk.must(certificateRoutes.authorityExport);
  assert.deepEqual([rows.length, readCertificate(rows[0]?.pem ?? "")?.ca], [1, true]);
  assert.equal(await desk.codeOf("revocationList", null), "certificate.no-list");
});
