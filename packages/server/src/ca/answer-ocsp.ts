import { encodeHex, type Bytes } from "@gridward/core/base/bytes";
import { hour, type Instant, type Millis } from "@gridward/core/base/time";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AuthorityRow, CrlRow } from "@gridward/core/domain/types";
import { sha256 } from "@gridward/runtime/os/hash";
import type { SystemKey } from "@gridward/runtime/os/seal";
import {
  buildOcspAnswer,
  issuerMarks,
  ocspFailure,
  ocspRequestBytesMax,
  readOcspRequest,
  type AskedCertificate,
  type OcspOrder,
  type OcspQuestion,
  type OcspState,
} from "@gridward/runtime/trust/x509/ocsp";
import { notAfterOf, readCertificate } from "@gridward/runtime/trust/x509/read";
import type { FrontEndParts } from "../parts.ts";
import { openResponder, type OcspSigner } from "./ocsp-signer.ts";

export interface OcspParts {
  readonly front: Pick<FrontEndParts, "state" | "condition" | "now">;
  readonly systemKey: () => SystemKey | null;
}

/** An answer may be relied on for this long, and is given out again for half of it. */
const answerLife: Millis = hour;
const answerKept: Millis = answerLife / 2;
const answersKeptMax = 4096;

/** A DER answer, and for how long a copy of it may be kept; none where it is for one asker alone. */
export interface OcspAnswer {
  readonly body: Bytes;
  readonly keptFor: Millis;
}

const malformed: OcspAnswer = { body: ocspFailure("malformedRequest"), keptFor: 0 };

interface KeptAnswer {
  readonly body: Bytes;
  readonly madeAt: Instant;
}

/**
 * Says of single certificates whether they count (RFC 6960), from what is journalled: on every
 * server, and of a revocation as soon as it is known here.
 */
export class OcspResponder {
  readonly #parts: OcspParts;
  readonly #signers = new WeakMap<CrlRow, OcspSigner | null>();
  readonly #marks = new WeakMap<AuthorityRow, readonly string[]>();
  readonly #answers = new Map<string, KeptAnswer>();
  #answeredFrom: readonly object[] = [];

  constructor(parts: OcspParts) {
    this.#parts = parts;
  }

  /** Never throws; what is no request is answered so. */
  answer(request: Bytes): OcspAnswer {
    if (request.length > ocspRequestBytesMax) return malformed;
    const { front } = this.#parts;
    const state = front.state();
    this.#forgetIfChanged(state);
    const now = front.now();
    const key = encodeHex(sha256(request));
    // Before it is read: the same bytes are the same question, and a nonce is never among these.
    const kept = this.#answers.get(key);
    const left = kept === undefined ? 0 : kept.madeAt + answerKept - now;
    if (kept !== undefined && left > 0) return { body: kept.body, keptFor: left };
    const read = readOcspRequest(request);
    if (!read.ok) return malformed;
    const made = this.#make(state, read.value, now);
    if (typeof made === "string") return { body: ocspFailure(made), keptFor: 0 };
    if (read.value.nonce !== null) return { body: made, keptFor: 0 };
    if (this.#answers.size >= answersKeptMax) this.#answers.clear();
    this.#answers.set(key, { body: made, madeAt: now });
    return { body: made, keptFor: answerKept };
  }

  /** A revocation, a new list or another authority makes every answer that was given an old one. */
  #forgetIfChanged({ tables: { certificates, crls, authorities } }: DirectoryState): void {
    const now: readonly object[] = [certificates, crls, authorities];
    if (now.every((table, index) => table === this.#answeredFrom[index])) return;
    this.#answeredFrom = now;
    this.#answers.clear();
  }

  #make(
    state: DirectoryState,
    { asked, nonce }: OcspQuestion,
    now: Instant,
  ): Bytes | "tryLater" | "unauthorized" {
    const { authorities, crls } = state.tables;
    const ofAuthority = (row: AuthorityRow): boolean =>
      asked.some(({ issuer }) => this.#marksOf(row).includes(issuer));
    const authority = authorities.valueSeq().find(ofAuthority);
    if (authority === undefined) return authorities.size === 0 ? "tryLater" : "unauthorized";
    const list = crls.get(authority.id);
    const signer = list && this.#signerOf(list);
    if (list === undefined || signer === undefined) return "tryLater";
    const period = this.#periodOf(list, now);
    if (now > Math.min(period.nextUpdate, notAfterOf(signer.certificate))) return "tryLater";
    const marks = this.#marksOf(authority);
    const answers: OcspOrder["answers"][number][] = [];
    for (const one of asked) {
      if (one.id === null) return "unauthorized";
      const isOurs = marks.includes(one.issuer);
      answers.push({ id: one.id, state: isOurs ? stateOf(state, authority, one) : "unknown" });
    }
    return buildOcspAnswer({ answers, nonce, producedAt: now, ...period }, signer);
  }

  /** A Standby that does not hear its Main knows no more than the last list says. */
  #periodOf(
    { thisUpdate, nextUpdate }: CrlRow,
    now: Instant,
  ): Pick<OcspOrder, "thisUpdate" | "nextUpdate"> {
    const isFresh = this.#parts.front.condition().fresh;
    return isFresh
      ? { thisUpdate: now, nextUpdate: Math.min(now + answerLife, nextUpdate) }
      : { thisUpdate, nextUpdate };
  }

  #signerOf(list: CrlRow): OcspSigner | undefined {
    const known = this.#signers.get(list);
    if (known !== undefined) return known ?? undefined;
    const systemKey = this.#parts.systemKey();
    if (systemKey === null) return undefined;
    const opened = openResponder(list, systemKey);
    this.#signers.set(list, opened.ok ? opened.value : null);
    return opened.ok ? opened.value : undefined;
  }

  #marksOf(row: AuthorityRow): readonly string[] {
    const known = this.#marks.get(row);
    if (known !== undefined) return known;
    const certificate = readCertificate(row.certificate);
    const marks = certificate === undefined ? [] : issuerMarks(certificate);
    this.#marks.set(row, marks);
    return marks;
  }
}

/** Never "good" for a serial number that was not issued (RFC 6960 §2.2 leaves that open). */
function stateOf(
  { tables }: DirectoryState,
  authority: AuthorityRow,
  { serial }: AskedCertificate,
): OcspState {
  const row = tables.certificates.get(serial);
  if (row?.authority !== authority.id) return "unknown";
  return row.revoked ?? "good";
}
