import type { Bytes } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import type { Instant } from "@gridward/core/base/time";
import type { TlsCauseCode } from "@gridward/core/domain/tls-cause";
import type { RevocationList } from "../trust/revocation.ts";
import { judgeOnLink } from "./judge-on-link.ts";
import type { LinkSettings } from "./link-settings.ts";

/** A server as it takes part in a link: what it shows, demands and believes. */
export interface Party {
  /** Null where the certificate alone says who it is. */
  readonly node: NodeId | null;
  readonly settings: LinkSettings;
  readonly tlsMax: "1.2" | "1.3";
  /** To whoever dials it, and when it dials; leaf first, DER. */
  readonly presents: readonly Bytes[];
  readonly dialsWith: readonly Bytes[];
  readonly anchors: readonly string[];
  readonly lists: readonly RevocationList[];
  /** By its own clock. */
  readonly at: Instant;
}

/** What one end will say of the other. */
export type Foreseen =
  | { readonly verdict: "ok" }
  | {
      readonly verdict: "refused";
      readonly cause: TlsCauseCode;
      /** What the end that refuses demands, and what the other presents. */
      readonly demands: string;
      readonly presents: string;
    };

/** Both words on one dial. */
export interface ForeseenDial {
  readonly dialler: Foreseen;
  readonly acceptor: Foreseen;
}

/**
 * CS11: what a dial between two partners would come to, by the same judge that would decide it. What
 * only a handshake can tell, a network or a fault of OpenSSL's, is not foreseen.
 */
export function foreseeDial(dialler: Party, acceptor: Party): ForeseenDial {
  const version = sharedVersion(dialler, acceptor);
  if (version === null) {
    return {
      dialler: versionsDiffer(dialler, acceptor),
      acceptor: versionsDiffer(acceptor, dialler),
    };
  }
  const isNewest = version === "1.3";
  return {
    dialler: judged(dialler, "dial", acceptor, isNewest),
    acceptor: judged(acceptor, "accept", dialler, isNewest),
  };
}

function sharedVersion(one: Party, other: Party): "1.2" | "1.3" | null {
  const newest = one.tlsMax === "1.3" && other.tlsMax === "1.3" ? "1.3" : "1.2";
  const oldest = [one, other].some(({ settings }) => settings.tlsMin === "1.3") ? "1.3" : "1.2";
  return newest < oldest ? null : newest;
}

function versionsDiffer(one: Party, other: Party): Foreseen {
  return {
    verdict: "refused",
    cause: "T11",
    demands: `speaks ${versionsOf(one)}`,
    presents: `speaks ${versionsOf(other)}`,
  };
}

function versionsOf({ settings, tlsMax }: Party): string {
  return settings.tlsMin === tlsMax ? `TLS ${tlsMax}` : `TLS ${settings.tlsMin} to ${tlsMax}`;
}

function judged(
  judge: Party,
  direction: "dial" | "accept",
  other: Party,
  isNewest: boolean,
): Foreseen {
  const { settings, anchors, lists, at } = judge;
  const judgement = judgeOnLink({
    protocol: "gridward-partner/1",
    direction,
    settings,
    expectedNode: direction === "dial" ? other.node : null,
    chain: direction === "dial" ? other.presents : other.dialsWith,
    anchors,
    lists,
    at,
    isNewest,
    handshake: null,
  });
  if (judgement.verdict === "refused") {
    const { cause, ours, theirs } = judgement;
    return { verdict: "refused", cause, demands: ours, presents: theirs };
  }
  const { name } = judgement;
  const certified = name?.kind === "server" ? name.node : null;
  const isNamed = certified === null || certified === other.node;
  if (isNamed || !settings.checkNames) return { verdict: "ok" };
  const presents = `presents the certificate of ${certified}`;
  return { verdict: "refused", cause: "T16", demands: `expects ${other.node ?? ""}`, presents };
}
