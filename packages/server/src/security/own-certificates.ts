import type { X509Certificate } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { Alarm } from "@gridward/core/domain/server-status";
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
import { saveTemporary } from "@gridward/runtime/trust/server-directory";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import {
  fingerprintOf,
  nameText,
  notAfterOf,
  notBeforeOf,
} from "@gridward/runtime/trust/x509/read";
import type { OwnIdentity } from "../own-identity.ts";
import { changeShown, type ChangeShownParts, type ShownOrder } from "./change-shown.ts";
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

/** What became of one, and why an administrator must sign in before it stays (CS17). */
export interface ChangedCertificate extends OwnCertificate {
  readonly signIn: readonly string[];
}

export interface AddOrder extends ShownOrder {
  readonly files: readonly Bytes[];
  readonly passphrase: Secret<string> | null;
}

export interface RemoveOrder extends ShownOrder {
  readonly fingerprint: string;
}

/** The list of this server's certificates, and what people do with it. */
export interface OwnCertificates {
  readonly list: () => readonly OwnCertificate[];
  readonly add: (order: AddOrder) => Promise<Result<ChangedCertificate, Refusal>>;
  readonly remove: (order: RemoveOrder) => Result<ChangedCertificate, Refusal>;
  readonly renewTemporary: (order: ShownOrder) => Result<ChangedCertificate, Refusal>;
}

export interface OwnCertificatesParts extends ChangeShownParts {
  readonly identity: OwnIdentity;
  readonly now: () => Instant;
}

export function openOwnCertificates(parts: OwnCertificatesParts): OwnCertificates {
  return {
    list: () => listOf(parts),
    add: async (order) => add(parts, order),
    remove: (order) => remove(parts, order),
    renewTemporary: (order) => renewTemporary(parts, order),
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
  order: AddOrder,
): Promise<Result<ChangedCertificate, Refusal>> {
  const { files, passphrase, isTry } = order;
  const { certificates, tlsKey } = parts.identity;
  const imported = await importCertificate({ files, passphrase, ownKeys: [tlsKey] });
  if (!imported.ok) return notAdded(parts, order, imported.error);
  const judged = judgeNew(parts, imported.value);
  if (!judged.ok) return notAdded(parts, order, judged.error);
  const added = judged.value;
  let isHeld = false;
  const done = changeShown(parts, order, {
    change: `certificate added: ${wordsOf(added)}`,
    apply() {
      isHeld = true;
      certificates.replaceImported([...certificates.imported, added]);
    },
    undo() {
      isHeld = false;
      withdraw(certificates, added);
    },
    // What was removed meanwhile, at the machine itself, is not kept.
    save: () =>
      isHeld && !certificates.imported.includes(added)
        ? ok(null)
        : written(() => saveImported(parts.directory, imported.value)),
  });
  if (!done.ok) return done;
  if (isTry) {
    return ok({ ...rowOf(parts, added, certificates.choiceWith(added)), signIn: done.value });
  }
  return found(parts, fingerprintOf(added.certificate), done.value);
}

function notAdded(
  { onChange }: OwnCertificatesParts,
  { isTry, actor }: AddOrder,
  refusal: Refusal,
): Result<never, Refusal> {
  if (!isTry) onChange({ actor, change: "certificate added", refusal });
  return err(refusal);
}

function withdraw(certificates: ShownCertificates, withdrawn: Candidate): void {
  certificates.replaceImported(certificates.imported.filter((one) => one !== withdrawn));
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
  order: RemoveOrder,
): Result<ChangedCertificate, Refusal> {
  const { certificates } = parts.identity;
  const { fingerprint } = order;
  const isNamed = ({ certificate }: Candidate): boolean =>
    fingerprintOf(certificate) === fingerprint;
  const named = certificates.imported.find(isNamed);
  if (named === undefined) return refuse("server-certificate.not-found", fingerprint);
  const place = certificates.imported.indexOf(named);
  const row = found(parts, fingerprint, []);
  const done = changeShown(parts, order, {
    change: `certificate removed: ${wordsOf(named)}`,
    apply: () => withdraw(certificates, named),
    undo: () => certificates.replaceImported(certificates.imported.toSpliced(place, 0, named)),
    save: () => written(() => removeImported(parts.directory, fingerprint)),
  });
  if (!done.ok || !row.ok) return done.ok ? row : done;
  return ok({ ...row.value, signIn: done.value });
}

/** CS4: another temporary certificate, with a key made anew. */
function renewTemporary(
  parts: OwnCertificatesParts,
  order: ShownOrder,
): Result<ChangedCertificate, Refusal> {
  const { directory, identity, now } = parts;
  const { certificates, node, name, address } = identity;
  const before = certificates.temporary;
  const key = createTlsKey();
  const made = { key, node, name, hosts: [address], now: now() };
  const certificate = createTemporary(made);
  const done = changeShown(parts, order, {
    change: `temporary certificate renewed: ${wordsOf(before)} -> ${fingerprintOf(certificate)}`,
    apply: () => certificates.replaceTemporary({ certificate, issuers: [], key }),
    undo: () => certificates.replaceTemporary(before),
    save: () => written(() => saveTemporary(directory, certificate, key)),
  });
  if (!done.ok) return done;
  // Under a try nothing is made that would be kept: what is shown is the one that it replaces.
  return found(parts, fingerprintOf(certificates.temporary.certificate), done.value);
}

function found(
  parts: OwnCertificatesParts,
  fingerprint: string,
  signIn: readonly string[],
): Result<ChangedCertificate, Refusal> {
  const row = listOf(parts).find((one) => one.fingerprint === fingerprint);
  return row ? ok({ ...row, signIn }) : refuse("server-certificate.not-found", fingerprint);
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
