import type { X509Certificate } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { Alarm } from "@gridward/core/domain/server-status";
import type { Actor } from "@gridward/core/domain/types";
import { isOutOfRoom } from "@gridward/runtime/os/files";
import {
  importedMax,
  removeImported,
  saveImported,
} from "@gridward/runtime/trust/certificate-store";
import {
  type Candidate,
  type Choice,
  isFor,
  type PassedOver,
} from "@gridward/runtime/trust/choose-certificate";
import {
  importCertificate,
  type ImportedCertificate,
} from "@gridward/runtime/trust/import-certificate";
import {
  fingerprintOf,
  nameText,
  notAfterOf,
  notBeforeOf,
} from "@gridward/runtime/trust/x509/read";
import type { OwnIdentity } from "../own-identity.ts";
import type { SecurityUse } from "./security-use.ts";
import { type Shelf, type ShownCertificates, shelves } from "./shown-certificates.ts";

/** "temporary": it is shown by setting alone, or until there is an authority. */
type WhyNot = PassedOver | "temporary" | "by setting";

/** One certificate of this server, as people see it (CS5). */
export interface OwnCertificate {
  readonly fingerprint: string;
  readonly origin: "authority" | "imported" | "temporary";
  readonly subject: string;
  readonly issuer: string;
  readonly names: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly hasKey: boolean;
  readonly purpose: "server and client" | "server" | "none";
  readonly status: "valid" | "expired" | "not yet valid";
  readonly inUse: readonly Shelf[];
  /** Why a port shows another one. */
  readonly passedOver: readonly {
    readonly shelf: Shelf;
    readonly why: WhyNot;
  }[];
}

export interface AddOrder {
  readonly files: readonly Bytes[];
  readonly passphrase: Secret<string> | null;
  readonly isTry: boolean;
  readonly actor: Actor;
}

export interface RemoveOrder {
  readonly fingerprint: string;
  readonly isTry: boolean;
  readonly actor: Actor;
}

/** The list of this server's certificates, and what people do with it. */
export interface OwnCertificates {
  readonly list: () => readonly OwnCertificate[];
  readonly add: (order: AddOrder) => Promise<Result<OwnCertificate, Refusal>>;
  readonly remove: (order: RemoveOrder) => Result<OwnCertificate, Refusal>;
}

export interface OwnCertificatesParts {
  readonly directory: string;
  readonly identity: OwnIdentity;
  readonly now: () => Instant;
  /** Every port shows what is chosen now, from its next handshake on. */
  readonly refresh: () => void;
  readonly onChange: (use: SecurityUse) => void;
}

export function openOwnCertificates(parts: OwnCertificatesParts): OwnCertificates {
  return {
    list: () => listOf(parts),
    add: async (order) => add(parts, order),
    remove: (order) => remove(parts, order),
  };
}

function listOf(parts: OwnCertificatesParts): readonly OwnCertificate[] {
  const { certificates } = parts.identity;
  const choices = { link: certificates.choice("link"), clients: certificates.choice("clients") };
  const rows = certificates.candidates.map((one) => rowOf(parts, one, choices));
  return [...rows, rowOf(parts, certificates.temporary, choices)];
}

type Choices = Readonly<Record<Shelf, Choice>>;

function rowOf(
  { identity: { certificates }, now }: OwnCertificatesParts,
  candidate: Candidate,
  choices: Choices,
): OwnCertificate {
  const { certificate, key } = candidate;
  const { issued, temporary } = certificates;
  const isTemporary = certificate === temporary.certificate;
  const shown = (shelf: Shelf): boolean => {
    const current = certificates.shown(shelf).certificate;
    // Where nothing is fit to be shown, what was is shown still (OC1).
    const chosen = choices[shelf].inUse?.certificate ?? current;
    return certificate === (current === temporary.certificate ? current : chosen);
  };
  const instead = isTemporary ? "temporary" : "by setting";
  const origin = certificate === issued?.certificate ? "authority" : "imported";
  return {
    fingerprint: fingerprintOf(certificate),
    origin: isTemporary ? "temporary" : origin,
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    names: certificate.subjectAltName ?? "",
    notBefore: notBeforeOf(certificate),
    notAfter: notAfterOf(certificate),
    hasKey: key !== null && certificate.checkPrivateKey(key),
    purpose: purposeOf(certificate),
    status: statusOf(certificate, now()),
    inUse: shelves.filter(shown),
    passedOver: shelves
      .filter((shelf) => !shown(shelf))
      .map((shelf) => ({ shelf, why: choices[shelf].passedOver.get(candidate) ?? instead })),
  };
}

function purposeOf(certificate: X509Certificate): OwnCertificate["purpose"] {
  if (isFor(certificate, "partner")) return "server and client";
  return isFor(certificate, "server") ? "server" : "none";
}

function statusOf(certificate: X509Certificate, at: Instant): OwnCertificate["status"] {
  if (at > notAfterOf(certificate)) return "expired";
  return at < notBeforeOf(certificate) ? "not yet valid" : "valid";
}

async function add(
  parts: OwnCertificatesParts,
  { files, passphrase, isTry, actor }: AddOrder,
): Promise<Result<OwnCertificate, Refusal>> {
  const { certificates, tlsKey } = parts.identity;
  const imported = await importCertificate({ files, passphrase, ownKeys: [tlsKey] });
  const judged = imported.ok ? judgeNew(parts, imported.value) : imported;
  if (isTry && judged.ok) {
    return ok(rowOf(parts, judged.value, certificates.choiceWith(judged.value)));
  }
  const saved = judged.ok && imported.ok ? save(parts.directory, imported.value) : judged;
  const change = judged.ok ? `certificate added: ${wordsOf(judged.value)}` : "certificate added";
  if (!isTry) parts.onChange({ actor, change, refusal: saved.ok ? null : saved.error });
  if (!judged.ok) return judged;
  if (!saved.ok) return saved;
  certificates.replaceImported([...certificates.imported, judged.value]);
  parts.refresh();
  return found(parts, fingerprintOf(judged.value.certificate));
}

function judgeNew(
  { identity: { certificates, tlsKey } }: OwnCertificatesParts,
  { certificate, issuers, key }: ImportedCertificate,
): Result<Candidate, Refusal> {
  const fingerprint = fingerprintOf(certificate);
  const known = [...certificates.candidates, certificates.temporary];
  if (known.some((one) => fingerprintOf(one.certificate) === fingerprint)) {
    return refuse("server-certificate.already-there", fingerprint);
  }
  if (certificates.imported.length >= importedMax) {
    return refuse("server-certificate.too-many", `${importedMax}`);
  }
  return ok({ certificate, issuers, key: key ?? tlsKey });
}

function save(directory: string, imported: ImportedCertificate): Result<null, Refusal> {
  return written(() => saveImported(directory, imported));
}

function written(write: () => void): Result<null, Refusal> {
  try {
    write();
    return ok(null);
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    return refuse("disk.full", "certificates");
  }
}

function remove(
  parts: OwnCertificatesParts,
  { fingerprint, isTry, actor }: RemoveOrder,
): Result<OwnCertificate, Refusal> {
  const { certificates } = parts.identity;
  const isNamed = ({ certificate }: Candidate): boolean =>
    fingerprintOf(certificate) === fingerprint;
  const named = certificates.imported.find(isNamed);
  if (named === undefined) return refuse("server-certificate.not-found", fingerprint);
  const row = found(parts, fingerprint);
  if (isTry) return row;
  const done = written(() => removeImported(parts.directory, fingerprint));
  const change = `certificate removed: ${wordsOf(named)}`;
  parts.onChange({ actor, change, refusal: done.ok ? null : done.error });
  if (!done.ok) return done;
  certificates.replaceImported(certificates.imported.filter((one) => one !== named));
  parts.refresh();
  return row;
}

function found(parts: OwnCertificatesParts, fingerprint: string): Result<OwnCertificate, Refusal> {
  const row = listOf(parts).find((one) => one.fingerprint === fingerprint);
  return row ? ok(row) : refuse("server-certificate.not-found", fingerprint);
}

function wordsOf({ certificate }: Candidate): string {
  return `${nameText(certificate.subject)}, ${fingerprintOf(certificate)}`;
}

/** CS5: a port has nothing that a peer should accept; nothing stands in for it silently. */
export function certificateAlarms(
  certificates: ShownCertificates,
  at: Instant,
  startedAt: Instant,
): readonly Alarm[] {
  const lacking = shelves.filter((shelf) => certificates.isLacking(shelf));
  const { issued } = certificates;
  if (lacking.length === 0 || issued === null) return [];
  const ended = notAfterOf(issued.certificate);
  const where = lacking.map((shelf) => placeOf[shelf]).join(" and ");
  return [
    {
      code: "security.no-certificate",
      since: rfc3339(ended < at ? ended : startedAt),
      text: `This server has no certificate that it may show ${where}; who validates refuses it.`,
      remedy: "Run `gridward security certificates list` for the reasons, then add or renew one.",
    },
  ];
}

const placeOf: Readonly<Record<Shelf, string>> = {
  link: "to other servers and devices",
  clients: "at HTTPS and LDAPS",
};
