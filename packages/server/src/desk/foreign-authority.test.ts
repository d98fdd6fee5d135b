import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { certificateRoutes } from "@gridward/core/api/certificate-routes";
import type { RequestId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { Refusal } from "@gridward/core/domain/refusal";
import { singleKey } from "@gridward/core/domain/state";
import { freshRequestId } from "@gridward/runtime/os/random";
import { createRoot, openRoot, signAuthority } from "@gridward/runtime/trust/own-root";
import { cutPem } from "@gridward/runtime/trust/x509/pem";
import { aDesk } from "./a-desk.ts";
import { createEndpoints } from "./endpoints.ts";

type Name = "authorityRequest" | "authorityWithdraw" | "authorityImport" | "rollOverSwitch";

/** A desk with a real authority, asked as its administrator. */
async function aReadyDesk() {
  const desk = aDesk();
  const endpoints = createEndpoints(desk);
  const run = async (
    name: Name | "changePassword",
    body: object | null,
    {
      id = freshRequestId(),
      query = {},
    }: { readonly id?: RequestId; readonly query?: object } = {},
  ): Promise<Result<unknown, Refusal>> => {
    const account = desk.front.state().tables.accounts.find((row) => row.name === "admin");
    assert.ok(account);
    const { session } = desk.sessions.issue(account, account.password === null);
    const actor = { kind: "account", id: account.id, name: "admin", door: "https" } as const;
    const caller = { session, actor: { ...actor, source: "" }, requestId: id };
    const about = { client: null, objection: () => null, begunUnder: 0 };
    return endpoints[name].run({ params: {}, query, body }, { ...caller, ...about });
  };
  const changed = await run("changePassword", { password: "Bridge-over-7-rivers" });
  assert.ok(changed.ok);
  const codeOf = async (...asked: Parameters<typeof run>): Promise<string> => {
    const done = await run(...asked);
    return done.ok ? "accepted" : done.error.code;
  };
  return { desk, run, codeOf };
}

type RequestAnswer = z.output<typeof certificateRoutes.authorityRequest.answer>;
type ImportAnswer = z.output<typeof certificateRoutes.authorityImport.answer>;

function requestOf(done: Result<unknown, Refusal>): RequestAnswer {
  assert.ok(done.ok, JSON.stringify(done));
  return certificateRoutes.authorityRequest.answer.parse(done.value);
}

function importOf(done: Result<unknown, Refusal>): ImportAnswer {
  assert.ok(done.ok, JSON.stringify(done));
  return certificateRoutes.authorityImport.answer.parse(done.value);
}

/** What a root of the utility makes of a request, as `ca import` sends it. */
async function answered(
  pem: string,
  now: number,
): Promise<{ readonly certificates: readonly string[] }> {
  const [passphrase, subject] = [new Secret("correct horse"), { commonName: "Utility" }];
  const made = await createRoot({ subject, keyType: "p256", passphrase, now });
  const files = {
    certificate: Buffer.from(made.certificate.toString()),
    key: Buffer.from(made.keyFile),
  };
  const root = await openRoot(files, passphrase, now);
  assert.ok(root.ok);
  const der = Buffer.from(cutPem(pem)?.[0]?.body ?? "", "base64");
  const signed = signAuthority(root.value, der, now);
  assert.ok(signed.ok);
  const certificates = [made.certificate, signed.value];
  return { certificates: certificates.map(({ raw }) => raw.toString("base64")) };
}

test("[CA18][PK1] a request is the same until it is given up, and its key is in no answer and no clear row", async () => {
  const { desk, run, codeOf } = await aReadyDesk();
  const tried = requestOf(await run("authorityRequest", {}, { query: { dry_run: "true" } }));
  assert.deepEqual([tried.dry_run, tried.request], [true, null]);
  const wish = { name: "Hill issuing", organization: "Utility", key_type: "p384" } as const;
  assert.equal(await codeOf("authorityRequest", { organization: "U" }), "certificate.bad-name");
  assert.equal(await codeOf("authorityRequest", { name: "two\nlines" }), "certificate.bad-name");
  const first = requestOf(await run("authorityRequest", wish));
  for (const same of [{}, wish, { key_type: "p384" }]) {
    const again = requestOf(await run("authorityRequest", same));
    assert.equal(again.request, first.request);
  }
  const other = { ...wish, name: "Valley issuing" };
  assert.equal(await codeOf("authorityRequest", other), "authority.requested");
  assert.equal(await codeOf("authorityRequest", { key_type: "p256" }), "authority.requested");
  const open = desk.front.state().tables.system.get(singleKey)?.authorityRequest;
  assert.match(open?.key ?? "", /^v1\./);
  const kept = JSON.stringify([desk.entries(), first]);
  assert.doesNotMatch(kept, /PRIVATE KEY/);
  assert.equal(await codeOf("authorityWithdraw", null), "accepted");
  assert.equal(await codeOf("authorityWithdraw", null), "authority.no-request");
  const next = requestOf(await run("authorityRequest", {}));
  assert.notEqual(next.request, first.request);
});

test("[CA18][PK1] what came back is trusted once, tells its root, and a retry hears the same", async () => {
  const { desk, run, codeOf } = await aReadyDesk();
  const now = desk.front.now();
  const { request } = requestOf(await run("authorityRequest", {}));
  const body = await answered(request ?? "", now);
  const broken = { certificates: [Buffer.from("no certificate").toString("base64")] };
  assert.equal(await codeOf("authorityImport", broken), "authority.unreadable");
  const late = { certificates: body.certificates.slice(0, 1) };
  assert.equal(await codeOf("authorityImport", late), "authority.not-found");
  const tried = importOf(await run("authorityImport", body, { query: { dry_run: "true" } }));
  assert.equal(tried.dry_run, true);
  const id = freshRequestId();
  const done = importOf(await run("authorityImport", body, { id }));
  assert.deepEqual(
    [done.root, done.proved_by_present, done.standing],
    ["CN=Utility", true, "next"],
  );
  assert.deepEqual(importOf(await run("authorityImport", body, { id })), done);
  assert.equal(await codeOf("authorityImport", body), "authority.no-request");
  assert.equal(await codeOf("rollOverSwitch", null), "accepted");
});
