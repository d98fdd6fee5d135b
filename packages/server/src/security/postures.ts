import type { NodeId } from "@gridward/core/base/identity";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import type { Instant, Millis } from "@gridward/core/base/time";
import type { Posture } from "@gridward/core/codec/posture";
import type { DirectoryState } from "@gridward/core/domain/state";
import { type OwnPosture, partyTold, postureOf } from "@gridward/runtime/link/posture";
import type { PostureExchange } from "@gridward/runtime/link/posture-exchange";
import type { Party } from "@gridward/runtime/link/what-if";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { linkDemands } from "../legacy/link-demands.ts";
import { linkIdentity } from "../link-identity.ts";
import type { OwnIdentity } from "../own-identity.ts";

export interface PosturesParts {
  readonly identity: OwnIdentity;
  readonly state: () => DirectoryState;
  readonly now: () => Instant;
}

interface Heard {
  readonly posture: Posture;
  /** By how much its clock was ahead of ours. */
  readonly ahead: Millis;
}

/** CS9, CS11: what the partners said of themselves last, and what they are told of this server. */
export class Postures implements PostureExchange {
  readonly #parts: PosturesParts;
  readonly #heard = new Map<NodeId, Heard>();

  constructor(parts: PosturesParts) {
    this.#parts = parts;
  }

  /** Nothing to who was removed: it may still prove its key, to hear just that (HS14). */
  own(to: NodeId): Posture | null {
    const { state, identity } = this.#parts;
    if (state().tables.removed.has(to)) return null;
    return postureOf(this.as(identity.settings.now, to));
  }

  heard(from: NodeId, posture: Posture): void {
    this.#heard.set(from, { posture, ahead: posture.at - this.#parts.now() });
  }

  /** This server under these settings, as it takes part in a link to that partner. */
  as(settings: SecuritySettings, partner: NodeId): OwnPosture {
    const identity = linkIdentity(this.#parts, settings);
    return {
      identity,
      dialsWith: this.#parts.identity.dialsWith(settings),
      settings: linkDemands(settings, this.#addressOf(partner), this.#parts),
      met: this.#met(partner),
      at: this.#parts.now(),
    };
  }

  /** The partner as it said it is; null while it has said nothing. */
  party(node: NodeId): Party | null {
    const heard = this.#heard.get(node);
    if (heard === undefined) return null;
    const { lists } = linkIdentity(this.#parts);
    return partyTold(heard.posture, { node, at: this.#parts.now() + heard.ahead }, lists);
  }

  /** As the list of legacy peers may have it; one that is dialled by name is not found there. */
  #addressOf(partner: NodeId): string {
    return this.#parts.state().tables.servers.get(partner)?.address ?? "";
  }

  #met(partner: NodeId): OwnPosture["met"] {
    const chain = this.#heard.get(partner)?.posture.presents ?? [];
    return chain.slice(1).flatMap((text) => readCertificate(Buffer.from(text, "base64")) ?? []);
  }
}
