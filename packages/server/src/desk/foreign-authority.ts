import type { X509Certificate } from "node:crypto";
import type { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import { authorityKeyTypes } from "@gridward/core/domain/authority-key";
import { isCertificateHolder } from "@gridward/core/domain/decide-certificate";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { singleKey, type DirectoryState } from "@gridward/core/domain/state";
import type { AuthorityRequest, AuthorityRow } from "@gridward/core/domain/types";
import type { SystemKey } from "@gridward/runtime/os/seal";
import type { SubjectText } from "@gridward/runtime/trust/x509/names";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { isRequestOf, requestToPem } from "@gridward/runtime/trust/x509/request";
import type * as z from "zod";
import { createAuthorityRequest, importAuthority } from "../ca/authority.ts";
import { tryAuthority } from "../ca/try-authority.ts";
import type { Caller } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { checkMain, giveOrder, repeatedAnswer, systemKeyOf } from "./order.ts";
import { showAuthority } from "./show-authority.ts";

interface Asked<Body> {
  readonly body: Body;
  readonly caller: Caller;
  readonly dryRun: boolean | undefined;
}

type RequestRoute = (typeof certificateRoutes)["authorityRequest"];
type ImportRoute = (typeof certificateRoutes)["authorityImport"];

/** PK1: the request of now, made where there is none. Its key never leaves the system. */
export async function requestAuthority(
  parts: DeskParts,
  { body, caller, dryRun }: Asked<z.output<RequestRoute["body"]>>,
): Promise<Result<z.input<RequestRoute["answer"]>, Refusal>> {
  const { front } = parts;
  const open = openSystem(parts);
  if (!open.ok) return open;
  const { systemKey, present } = open.value;
  const subject = subjectOf(body);
  if (!subject.ok) return subject;
  const earlier = openRequest(front.state());
  if (earlier !== undefined) {
    const fits =
      (body.key_type ?? earlier.keyType) === earlier.keyType &&
      (subject.value === null ||
        isRequestOf(Buffer.from(earlier.request, "base64"), subject.value));
    if (!fits) return refuse("authority.requested", `${earlier.keyType}, ${madeAt(earlier)}`);
    return ok({
      sequence: null,
      id: earlier.id,
      dry_run: dryRun === true,
      ...showRequest(earlier),
    });
  }
  const certificate = readCertificate(present.certificate);
  if (certificate === undefined) return refuse("server.unavailable", "no authority");
  const keyType = body.key_type ?? authorityKeyTypes[0];
  const wish = { keyType, subject: subject.value };
  const order = { systemKey, now: front.now() };
  const request = await createAuthorityRequest(order, wish, certificate);
  const command = { kind: "request-authority", request } as const;
  const done = await giveOrder(front, { command, caller, dryRun });
  if (!done.ok) return done;
  return ok({
    ...done.value,
    ...showRequest(request),
    ...(done.value.dry_run ? { request: null } : {}),
  });
}

function subjectOf({
  name,
  organization,
}: z.output<RequestRoute["body"]>): Result<SubjectText | null, Refusal> {
  const odd = [name, organization].find((one) => one !== undefined && !isCertificateHolder(one));
  if (odd !== undefined) return refuse("certificate.bad-name", odd.slice(0, 64));
  if (name !== undefined) {
    return ok({ commonName: name, ...(organization === undefined ? {} : { organization }) });
  }
  return organization === undefined
    ? ok(null)
    : refuse("certificate.bad-name", "an organization without a name");
}

function showRequest(request: AuthorityRequest) {
  return {
    key_type: request.keyType,
    created_at: madeAt(request),
    request: requestToPem(Buffer.from(request.request, "base64")),
  };
}

function madeAt({ createdAt }: AuthorityRequest): string {
  return rfc3339(createdAt);
}

/** PK1: what the CA answered becomes the next authority (PK7). */
export async function importForeignAuthority(
  parts: DeskParts,
  { body, caller, dryRun }: Asked<z.output<ImportRoute["body"]>>,
): Promise<Result<z.input<ImportRoute["answer"]>, Refusal>> {
  const { front } = parts;
  const repeated = repeatedAnswer(front, caller);
  const made = front.state().tables.authorities.get(repeated?.id ?? "");
  if (repeated !== undefined && made !== undefined) return answerOf(parts, repeated, made);
  const open = openSystem(parts);
  if (!open.ok) return open;
  const request = openRequest(front.state());
  if (request === undefined) return refuse("authority.no-request", "");
  const found = readAll(body.certificates);
  if (found === undefined) return refuse("authority.unreadable", "");
  const judged = await judge(parts, { request, found }, open.value);
  if (!judged.ok) return judged;
  const { row: authority, certificate } = judged.value;
  const command = { kind: "start-roll-over", authority, certificate } as const;
  const done = await giveOrder(front, { command, caller, dryRun });
  return done.ok ? answerOf(parts, done.value, authority) : done;
}

/** By its form and dates, and then by what it would issue. */
async function judge(
  { front }: DeskParts,
  asked: Parameters<typeof importAuthority>[1],
  { systemKey, present }: OpenSystem,
): Promise<ReturnType<typeof importAuthority>> {
  const site = front.state().tables.system.get(singleKey)?.site ?? "";
  const order = { site, systemKey, now: front.now() };
  const imported = importAuthority(order, asked, present);
  if (!imported.ok) return imported;
  const tried = { ...order, authority: imported.value.row };
  const flaw = await tryAuthority(front.state(), tried);
  return flaw.ok ? imported : flaw;
}

function answerOf<Change extends object>(
  { front }: DeskParts,
  change: Change,
  authority: AuthorityRow,
) {
  const shown = showAuthority(front.state(), authority, front.now());
  if (!shown.ok) return shown;
  const { pem: _, holders: __, ...about } = shown.value;
  return ok({ ...change, ...about, proved_by_present: authority.cross !== null });
}

function readAll(texts: readonly string[]): readonly X509Certificate[] | undefined {
  const read = texts.flatMap((text) => readCertificate(Buffer.from(text, "base64")) ?? []);
  return read.length === texts.length ? read : undefined;
}

function openRequest({ tables }: DirectoryState): AuthorityRequest | undefined {
  return tables.system.get(singleKey)?.authorityRequest;
}

interface OpenSystem {
  readonly systemKey: SystemKey;
  readonly present: AuthorityRow;
}

/** On the Main, which alone makes an authority. */
function openSystem({ front, systemKey }: DeskParts): Result<OpenSystem, Refusal> {
  const isMain = checkMain(front);
  if (!isMain.ok) return isMain;
  const key = systemKeyOf(systemKey);
  if (!key.ok) return key;
  const present = issuingAuthority(front.state());
  if (present === undefined) return refuse("server.unavailable", "no authority");
  return ok({ systemKey: key.value, present });
}
