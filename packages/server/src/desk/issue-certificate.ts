import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import type { KeyObject, X509Certificate } from "node:crypto";
import type { certificateRoutes } from "@gridward/core/api/certificate-routes";
import type { Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { rfc3339 } from "@gridward/core/base/time";
import { findAnswer } from "@gridward/core/domain/decide";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { AuthorityRow, CertificateRow } from "@gridward/core/domain/types";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { type AuthorityChain, chainPem } from "@gridward/runtime/trust/authority-chain";
import { createRsaKey, createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { notAfterOf, readCertificate, serialOf } from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import type * as z from "zod";
import { chainOfAuthority } from "../ca/authority.ts";
import { revocationUrls } from "../ca/crl-place.ts";
import type { Issued } from "../ca/issue.ts";
import { checkFileOrder, freshFilePassword, writePartyFile } from "../ca/party-file.ts";
import {
  checkThirdParty,
  issueThirdParty,
  type ThirdParty,
  withDevice,
} from "../ca/third-party.ts";
import type { Caller } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { checkTakesChanges, giveOrder, repeatedAnswer, systemKeyOf } from "./order.ts";

interface Asked<Body> {
  readonly body: Body;
  readonly caller: Caller;
  readonly dryRun: boolean | undefined;
}

type IssueRoute = (typeof certificateRoutes)["certificateIssue"];
type SignRoute = (typeof certificateRoutes)["certificateSign"];

/** Makes key and certificate and puts both into one file. The key is kept nowhere. */
export async function issueForParty(
  parts: DeskParts,
  asked: Asked<z.output<IssueRoute["body"]>>,
): Promise<Result<z.input<IssueRoute["answer"]>, Refusal>> {
  const { body, caller, dryRun } = asked;
  if (repeatedAnswer(parts.front, caller) !== undefined) {
    return refuse("certificate.key-gone", body.name);
  }
  const made = body.password === undefined ? freshFilePassword() : null;
  const given = typeof body.password === "string" ? new Secret(body.password) : null;
  const file = { format: body.format, password: made ?? given };
  const checked = checkFileOrder(file);
  const third = partyOf(parts, body);
  const named = checkThirdParty(third);
  const authority = openAuthority(parts);
  if (!checked.ok) return checked;
  if (!named.ok) return named;
  if (!authority.ok) return authority;
  const key = await freshKey(dryRun === true ? "ec" : body.key);
  const issued = certify(parts, authority.value, { party: third, key });
  if (!issued.ok) return issued;
  const { row, certificate } = issued.value;
  // Before it is journalled: what cannot be handed out was not issued.
  const { chain } = authority.value;
  const party = { name: body.name, key, certificate, chain };
  const bytes = dryRun === true ? null : await writePartyFile(party, file);
  const command = { kind: "issue-certificate", certificate: row } as const;
  const done = await giveOrder(parts.front, { command, caller, dryRun });
  if (!done.ok) return done;
  return ok({ ...done.value, not_after: rfc3339(row.notAfter), ...fileAnswer(row, bytes, made) });
}

async function freshKey(type: "ec" | "rsa" = "ec"): Promise<KeyObject> {
  return type === "rsa" ? createRsaKey() : createTlsKey();
}

function fileAnswer({ serial }: CertificateRow, bytes: Bytes | null, made: Secret<string> | null) {
  if (bytes === null) return { serial: null, file: null, password: null };
  const file = Buffer.from(bytes).toString("base64");
  return { serial, file, password: made?.reveal() ?? null };
}

/** Signs a request. What comes again gets the certificate that was made when it first came. */
export async function signForParty(
  parts: DeskParts,
  asked: Asked<z.output<SignRoute["body"]>>,
): Promise<Result<z.input<SignRoute["answer"]>, Refusal>> {
  const { front } = parts;
  const { body, caller, dryRun } = asked;
  const authority = openAuthority(parts);
  if (!authority.ok) return authority;
  const { chain } = authority.value;
  const repeated = repeatedAnswer(front, caller);
  if (repeated !== undefined) {
    const given = findAnswer(front.state(), caller.requestId)?.answer.certificate ?? "";
    const certificate = readCertificate(Buffer.from(given, "base64"));
    if (certificate === undefined) return refuse("certificate.not-found", body.name);
    return ok({ ...repeated, ...certificateAnswer(certificate, chain) });
  }
  const request = Buffer.from(body.request, "base64");
  const issued = certify(parts, authority.value, { party: partyOf(parts, body), request });
  if (!issued.ok) return issued;
  const { row, certificate } = issued.value;
  const encoded = certificate.raw.toString("base64");
  const command = { kind: "issue-certificate", certificate: row, encoded } as const;
  const done = await giveOrder(front, { command, caller, dryRun });
  if (!done.ok) return done;
  const answer = certificateAnswer(certificate, chain);
  const nothing = { serial: null, certificate: null };
  return ok({ ...done.value, ...answer, ...(done.value.dry_run ? nothing : {}) });
}

function certificateAnswer(certificate: X509Certificate, chain: AuthorityChain) {
  return {
    serial: serialOf(certificate),
    not_after: rfc3339(notAfterOf(certificate)),
    certificate: chainPem([certificate, ...chain]),
  };
}

function partyOf(
  { front }: DeskParts,
  body: Pick<z.output<SignRoute["body"]>, "name" | "profile" | "hosts" | "emails">,
): ThirdParty {
  const { name, profile, hosts = [], emails = [] } = body;
  const device = front.state().tables.devices.find((row) => row.name === name);
  return withDevice({ name, profile, hosts, emails }, device);
}

interface OpenAuthority {
  readonly row: AuthorityRow;
  readonly chain: AuthorityChain;
  readonly systemKey: SystemKey;
}

/** Issuing is a change: it needs a Main, the system key and the system's authority. */
function openAuthority({ front, systemKey }: DeskParts): Result<OpenAuthority, Refusal> {
  const takes = checkTakesChanges(front);
  if (!takes.ok) return takes;
  const key = systemKeyOf(systemKey);
  if (!key.ok) return key;
  const row = issuingAuthority(front.state());
  if (row === undefined) return refuse("server.unavailable", "no authority");
  const chain = chainOfAuthority(row);
  return chain.ok ? ok({ row, chain: chain.value, systemKey: key.value }) : chain;
}

function certify(
  { front }: DeskParts,
  { row: authority, systemKey }: OpenAuthority,
  asked: { readonly party: ThirdParty } & (
    | { readonly key: KeyObject }
    | { readonly request: Buffer }
  ),
): Result<Issued, Refusal> {
  const { party } = asked;
  const request = "key" in asked ? createRequest(asked.key, party.name) : asked.request;
  const order = {
    authority,
    systemKey,
    request,
    revocation: revocationUrls(front.state()),
    now: front.now(),
  };
  return issueThirdParty(order, party);
}
