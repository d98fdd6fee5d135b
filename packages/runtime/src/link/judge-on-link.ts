import type { NodeId } from "@gridward/core/base/identity";
import type { Instant } from "@gridward/core/base/time";
import { judgePeer, type ExpectedPeer, type Judgement, type Purpose } from "../trust/judge.ts";
import type { RevocationList } from "../trust/revocation.ts";
import { type LinkSettings, strictLink } from "./link-settings.ts";
import type { Protocol } from "./peer.ts";

/** The conversations between peers that verify each other; diag has a rule of its own. */
export type PeerProtocol = Exclude<Protocol, "gridward-diag/1">;

/** All that counts when one end of a link judges what the other presents. */
export interface LinkCase {
  readonly protocol: PeerProtocol;
  readonly direction: "dial" | "accept";
  readonly settings: LinkSettings;
  /** The server that a dial means; null is any server of the system. */
  readonly expectedNode: NodeId | null;
  /** As presented, leaf first, DER. */
  readonly chain: JudgeChain;
  readonly anchors: readonly string[];
  readonly lists: readonly RevocationList[];
  readonly at: Instant;
  /** Whether TLS 1.3 was agreed on. */
  readonly isNewest: boolean;
  /** What OpenSSL said; null if it was content. */
  readonly handshake: string | null;
}

type JudgeChain = Parameters<typeof judgePeer>[0]["chain"];

/** How one end judges the other: by its certificate, or where the settings say so by its key alone. */
export function judgeOnLink(met: LinkCase): Judgement {
  if (met.protocol === "gridward-witness/1") return judgeVersion(met);
  const settings = settingsFor(met);
  const found = judgePresence(met, settings);
  if (found !== undefined) return found;
  const purposes: Readonly<Record<typeof met.protocol, Purpose>> = {
    "gridward-partner/1": "partner",
    "gridward-replica/1": met.direction === "dial" ? "server" : "client",
  };
  const { chain, anchors, lists, at, handshake } = met;
  const purpose = purposes[met.protocol];
  const expected = expectedPeer(met);
  return judgePeer({ chain, anchors, lists, purpose, expected, at, settings, handshake });
}

/** What is set is for partners; a device that dials is judged in full, whatever is set (CS1). */
export function settingsFor({
  protocol,
  direction,
  settings,
}: Pick<LinkCase, "protocol" | "direction" | "settings">): LinkSettings {
  if (protocol !== "gridward-replica/1" || direction === "dial") return settings;
  return { ...strictLink, revocation: settings.revocation };
}

/** Must there be a certificate, and may there be none? Undefined: it is for the judge to say. */
function judgePresence(
  met: LinkCase,
  { validate, requireCertificate }: LinkSettings,
): Judgement | undefined {
  const { direction } = met;
  const isShown = met.chain.length > 0;
  if (direction === "accept" && !isShown && requireCertificate) {
    const facts = { ours: "requires a certificate", theirs: "presents none" };
    return { verdict: "refused", cause: "T09", ...facts };
  }
  const isKeyAlone = !validate || (direction === "accept" && !isShown);
  if (!isKeyAlone) return undefined;
  const version = judgeVersion(met);
  return isShown && version.verdict === "ok" ? undefined : version;
}

/** Keys without certificates: only TLS 1.3 binds its exporter to the whole handshake (design §6). */
function judgeVersion({ isNewest }: LinkCase): Judgement {
  if (isNewest) return { verdict: "ok", certificate: undefined, name: undefined, note: undefined };
  return { verdict: "refused", cause: "T11", ours: "speaks TLS 1.3 only", theirs: "does not" };
}

function expectedPeer({ protocol, direction, expectedNode }: LinkCase): ExpectedPeer {
  if (direction === "dial") return { kind: "server", node: expectedNode };
  if (protocol === "gridward-replica/1") return { kind: "device" };
  return { kind: "server", node: null }; // Which one it claims to be comes with its verdict.
}
