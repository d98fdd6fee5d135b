import type { NodeId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant, Millis } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import {
  crlEvery,
  crlLife,
  listedAt,
  nextCrlNumber,
  revokedBy,
} from "@gridward/core/domain/revocation";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Actor, AuthorityRow, CrlRow } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { freshRequestId } from "@gridward/runtime/os/random";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { buildCrl } from "@gridward/runtime/trust/x509/crl";
import type { FrontEndParts } from "../parts.ts";
import { createResponder } from "./ocsp-signer.ts";
import { withAuthority } from "./authority.ts";

export interface CrlParts {
  readonly front: Pick<FrontEndParts, "state" | "condition" | "submit">;
  readonly identity: {
    readonly node: NodeId;
    readonly name: string;
    readonly systemKey: SystemKey | null;
  };
  readonly clock: Clock;
  readonly note: (text: string) => void;
}

/** After a refusal: who is Main may just be changing. */
const retryAfter: Millis = 5_000;

/**
 * Keeps the system's revocation lists: the Main signs one of each authority after each of its
 * revocations, and one a day (PK5). All servers serve it and devices get it from the journal, where it is.
 */
export class CrlKeeper {
  readonly #parts: CrlParts;
  #isBusy = false;
  #notBefore: Millis = 0;
  /** How many each authority revoked, counted once for each version of the table. */
  #counted: { readonly table: object; readonly revoked: Map<string, number> } | null = null;

  constructor(parts: CrlParts) {
    this.#parts = parts;
  }

  /** Looks whether a list is due; to be called often. */
  tick(): void {
    const { front, identity, clock } = this.#parts;
    const { duty } = front.condition();
    if (this.#isBusy || (duty !== "main" && duty !== "lone")) return;
    if (clock.monotonic() < this.#notBefore || identity.systemKey === null) return;
    const state = front.state();
    const now = clock.now();
    const authority = state.tables.authorities.find(({ id }) => this.#isDue(state, id, now));
    if (authority === undefined) return;
    this.#isBusy = true;
    void this.#publish(makeCrl(state, authority, identity.systemKey, now));
  }

  #isDue(state: DirectoryState, authority: string, now: Instant): boolean {
    const last = state.tables.crls.get(authority);
    if (last === undefined || now - last.thisUpdate >= crlEvery) return true;
    // The clock was ahead: nobody believes such a list, and nobody would wait for its day.
    if (last.thisUpdate > now) return true;
    const table = state.tables.certificates;
    if (this.#counted?.table !== table) this.#counted = { table, revoked: new Map() };
    const { revoked } = this.#counted;
    const count = revoked.get(authority) ?? revokedBy(state, authority).length;
    revoked.set(authority, count);
    return count !== last.revoked;
  }

  async #publish(crl: Result<CrlRow, Refusal>): Promise<void> {
    const { front, identity, clock, note } = this.#parts;
    const { node: id, name } = identity;
    const actor: Actor = { kind: "server", id, name, door: "pair", source: "" };
    const done = crl.ok
      ? await front.submit({
          command: { kind: "publish-crl", crl: crl.value },
          actor,
          requestId: freshRequestId(),
        })
      : err(crl.error);
    this.#isBusy = false;
    if (done.ok || done.error.code === "certificate.list-overtaken") return;
    this.#notBefore = clock.monotonic() + retryAfter;
    note(`no new revocation list: ${done.error.code} ${done.error.detail}`);
  }
}

/**
 * A list of all that is revoked, signed with the opened key of the authority, and a new signer of
 * OCSP answers for as long.
 */
export function makeCrl(
  state: DirectoryState,
  authority: AuthorityRow,
  systemKey: SystemKey,
  now: Instant,
): Result<CrlRow, Refusal> {
  const revoked = revokedBy(state, authority.id);
  const [number, nextUpdate] = [nextCrlNumber(state, authority.id, now), now + crlLife];
  const listed = listedAt(revoked, now).flatMap(({ serial, revoked: why }) =>
    why === null ? [] : [{ serial, at: why.at, reason: why.reason }],
  );
  const signed = withAuthority(authority, systemKey, (certificate, key) => ({
    list: buildCrl({ number, thisUpdate: now, nextUpdate, listed }, { key, certificate }),
    responder: createResponder({ key, certificate }, systemKey, now),
  }));
  if (!signed.ok) return signed;
  return ok({
    authority: authority.id,
    number,
    thisUpdate: now,
    nextUpdate,
    revoked: revoked.length,
    encoded: Buffer.from(signed.value.list).toString("base64"),
    responder: signed.value.responder,
  });
}
