import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import type { KeyObject, X509Certificate } from "node:crypto";
import type { NodeId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { day, hour, minute, type Instant, type Millis } from "@gridward/core/base/time";
import { renewalDue } from "@gridward/core/domain/certificate-life";
import type { Refusal } from "@gridward/core/domain/refusal";
import { revocationOf } from "@gridward/core/domain/revocation";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Actor, AuthorityRow, CertificateRow, ServerRow } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { freshRequestId } from "@gridward/runtime/os/random";
import type { SystemKey } from "@gridward/runtime/os/seal";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";
import { profileRules } from "@gridward/runtime/trust/x509/profile";
import {
  notAfterOf,
  notBeforeOf,
  readCertificate,
  serialOf,
} from "@gridward/runtime/trust/x509/read";
import type { FrontEndParts } from "../parts.ts";
import { certificateRow } from "./certificate-row.ts";
import { issueOwn } from "./issue-own.ts";

export interface KeepCertificatesParts {
  readonly front: Pick<FrontEndParts, "state" | "condition" | "submit">;
  readonly identity: {
    readonly node: NodeId;
    readonly name: string;
    readonly systemKey: SystemKey | null;
    readonly tlsKey: KeyObject;
    readonly signerKey: KeyObject;
    readonly certificates: { readonly issued: IssuedFiles | null };
    /** Durable when it returns; shown from the next handshakes on. */
    readonly renew: (issued: IssuedFiles) => void;
  };
  readonly clock: Clock;
  readonly note: (text: string) => void;
}

/** After a refusal, doubled each time: there is a third of a life to try. */
const retryFirst: Millis = minute;
const retryMost: Millis = hour;

/** A renewed certificate that ends no later would be renewed again at once, for ever. */
const gainLeast: Millis = day;

/**
 * PK8: a server issues itself new certificates from two thirds of their life on, and journals them
 * before it shows them; a Standby by way of its Main. The keys stay, so whoever pinned one goes on,
 * and what is open is not cut: the old certificate is as good as it was.
 */
export class CertificateKeeper {
  readonly #parts: KeepCertificatesParts;
  #isBusy = false;
  #notBefore: Millis = 0;
  #pause: Millis = retryFirst;

  constructor(parts: KeepCertificatesParts) {
    this.#parts = parts;
  }

  /** Looks whether something is due; to be called often. */
  tick(): void {
    const { front, clock } = this.#parts;
    if (this.#isBusy || clock.monotonic() < this.#notBefore) return;
    const { duty } = front.condition();
    if (duty !== "main" && duty !== "lone" && duty !== "standby") return;
    const due = this.#due(clock.now());
    if (due === null) return;
    this.#isBusy = true;
    void this.#journal(due);
  }

  #due(now: Instant): Result<Due, Refusal> | null {
    const { front, identity } = this.#parts;
    const { node, systemKey, certificates } = identity;
    const state = front.state();
    const server = state.tables.servers.get(node);
    const authority = issuingAuthority(state);
    if (systemKey === null || server === undefined || authority === undefined) return null;
    const { issued } = certificates;
    if (issued !== null && isRevoked(state, issued)) return null;
    if (issued === null || isDue(issued, authority, now)) {
      const made = issueOwn({ authority, systemKey, server, keys: identity, now });
      return made.ok ? ok({ rows: made.value.rows, issued: made.value.issued }) : made;
    }
    const rows = unknownRows(state, issued, { authority, server });
    return rows.length === 0 ? null : ok({ rows, issued: null });
  }

  async #journal(due: Result<Due, Refusal>): Promise<void> {
    const { front, identity, clock, note } = this.#parts;
    const { node: id, name } = identity;
    const actor: Actor = { kind: "server", id, name, door: "pair", source: "" };
    const done = due.ok
      ? await front.submit({
          command: { kind: "renew-server", id, certificates: due.value.rows },
          actor,
          requestId: freshRequestId(),
        })
      : due;
    this.#isBusy = false;
    if (done.ok && due.ok) {
      this.#pause = retryFirst;
      if (due.value.issued !== null) identity.renew(due.value.issued);
      return;
    }
    this.#notBefore = clock.monotonic() + this.#pause;
    this.#pause = Math.min(2 * this.#pause, retryMost);
    if (!done.ok) note(`own certificates not renewed: ${done.error.code} ${done.error.detail}`);
  }
}

/** What is journalled, and then taken into use; null where it is in use already. */
interface Due {
  readonly rows: readonly CertificateRow[];
  readonly issued: IssuedFiles | null;
}

/** Whoever revoked it meant this server: it does not help itself out. */
function isRevoked(state: DirectoryState, issued: IssuedFiles): boolean {
  return leavesOf(issued).some((leaf) => revocationOf(state, serialOf(leaf)) !== null);
}

/** Also what another authority issued (PK7), and what begins in the future: by a wrong clock. */
function isDue(issued: IssuedFiles, authority: AuthorityRow, now: Instant): boolean {
  const issuer = readCertificate(authority.certificate);
  if (issuer?.fingerprint256 !== issued.authority.fingerprint256) return true;
  if ((authority.cross === null) !== (issued.cross === null)) return true;
  const lasts = Math.min(now + profileRules.server.life, notAfterOf(issuer));
  return leavesOf(issued).some((leaf) => {
    const life = { notBefore: notBeforeOf(leaf), notAfter: notAfterOf(leaf) };
    if (now < life.notBefore) return true;
    return now >= renewalDue(life) && lasts - life.notAfter >= gainLeast;
  });
}

/** In use and not journalled: issued offline, by `doctor`, or after the backup that was restored. */
function unknownRows(
  { tables }: DirectoryState,
  { certificate, signerCertificate }: IssuedFiles,
  { authority, server }: { readonly authority: AuthorityRow; readonly server: ServerRow },
): readonly CertificateRow[] {
  const own = { authority: authority.id, name: server.name };
  return [
    certificateRow({ ...own, profile: "server" }, certificate),
    certificateRow({ ...own, profile: "replica-signer" }, signerCertificate),
  ].filter(({ serial }) => !tables.certificates.has(serial));
}

function leavesOf({ certificate, signerCertificate }: IssuedFiles): readonly X509Certificate[] {
  return [certificate, signerCertificate];
}
