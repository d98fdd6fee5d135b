import type { X509Certificate } from "node:crypto";
import type { Instant } from "@gridward/core/base/time";
import {
  type Posture,
  type PostureList,
  toldAnchorsMax,
  toldListsMax,
  toldRevokedMax,
} from "@gridward/core/codec/posture";
import type { RevocationList } from "../trust/revocation.ts";
import { keyFingerprintOf, readCertificate } from "../trust/x509/read.ts";
import type { LinkIdentity } from "./identity.ts";
import type { LinkSettings } from "./link-settings.ts";
import type { Party } from "./what-if.ts";

/** What a server shows on the link when it dials; its listener shows what its identity says. */
export type Shown = Pick<LinkIdentity, "certificate" | "issuers">;

export interface OwnPosture {
  readonly identity: LinkIdentity;
  /** Null: it dials without a certificate. */
  readonly dialsWith: Shown | null;
  readonly settings: LinkSettings;
  /** Issuers that the partner sent along: lists of theirs are told as well. */
  readonly met: readonly X509Certificate[];
  readonly at: Instant;
}

/** What a partner is told of this server. */
export function postureOf(own: OwnPosture): Posture {
  const { identity, dialsWith, settings, at } = own;
  const { validate, checkNames, requireCertificate, revocation, pins, tlsMin } = settings;
  return {
    v: 1,
    at,
    demands: { validate, checkNames, requireCertificate, revocation, pins },
    tlsMin,
    tlsMax: newestOf(identity),
    presents: chainOf(identity),
    dialsWith: dialsWith === null ? [] : chainOf(dialsWith),
    anchors: certificatesOf(identity.anchors).slice(0, toldAnchorsMax).map(base64),
    lists: toldLists(own),
  };
}

/** The same as it takes part in a link of which nothing is known but what both say. */
export function partyOf(own: OwnPosture): Party {
  const { identity, dialsWith, settings, at } = own;
  return {
    node: identity.name.kind === "device" ? null : identity.name.node,
    settings,
    tlsMax: newestOf(identity),
    presents: derOf(identity),
    dialsWith: dialsWith === null ? [] : derOf(dialsWith),
    anchors: identity.anchors,
    lists: identity.lists,
    at,
  };
}

/**
 * A partner as it said it is. Of its lists only the latest revocations were told: what a list of
 * the same issuer that is at hand here says is taken as known to it too.
 */
export function partyTold(
  posture: Posture,
  partner: { readonly node: Party["node"]; readonly at: Instant },
  known: readonly RevocationList[],
): Party {
  const { demands, tlsMin, tlsMax, presents, dialsWith, lists } = posture;
  const anchors = posture.anchors.map(pemOf);
  return {
    ...partner,
    settings: { ...demands, tlsMin },
    tlsMax,
    presents: presents.map((text) => Buffer.from(text, "base64")),
    dialsWith: dialsWith.map((text) => Buffer.from(text, "base64")),
    anchors,
    lists: lists.map((list) => listTold(list, certificatesOf(anchors), known)),
  };
}

function newestOf({ maxVersion }: LinkIdentity): Posture["tlsMax"] {
  return maxVersion === "TLSv1.2" ? "1.2" : "1.3";
}

function derOf({ certificate, issuers }: Shown): readonly Uint8Array[] {
  return [certificate, ...issuers].map(({ raw }) => raw);
}

/** No longer than the judge looks at. */
function chainOf(shown: Shown): readonly string[] {
  return derOf(shown)
    .slice(0, 5)
    .map((der) => Buffer.from(der).toString("base64"));
}

function base64({ raw }: X509Certificate): string {
  return raw.toString("base64");
}

function pemOf(der: string): string {
  return `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`;
}

function certificatesOf(pems: readonly string[]): readonly X509Certificate[] {
  return pems.flatMap((pem) => readCertificate(pem) ?? []);
}

/** Those whose issuer is at hand: of any other nobody could say whom it speaks of. */
function toldLists({ identity, met }: OwnPosture): readonly PostureList[] {
  const known = [...certificatesOf(identity.anchors), ...identity.issuers, ...met];
  return identity.lists
    .flatMap((list) => {
      const issuer = known.find((each) => list.isSignedBy(each));
      return issuer === undefined ? [] : [toldList(list, keyFingerprintOf(issuer))];
    })
    .slice(0, toldListsMax);
}

function toldList(list: RevocationList, issuer: string): PostureList {
  const { number, thisUpdate, nextUpdate, revoked } = list;
  const latest = [...revoked].map(([serial, { at }]) => ({ serial, at }));
  latest.sort((one, other) => other.at - one.at);
  return {
    issuer,
    number: number === null ? null : String(number),
    from: thisUpdate,
    to: nextUpdate,
    revoked: latest.slice(0, toldRevokedMax),
  };
}

/** Where so many are told that there may be more, the list at hand of the same issuer adds its own. */
function listTold(
  told: PostureList,
  issuers: readonly X509Certificate[],
  known: readonly RevocationList[],
): RevocationList {
  const issuer = issuers.find((each) => keyFingerprintOf(each) === told.issuer);
  const isCut = told.revoked.length === toldRevokedMax && issuer !== undefined;
  const same = isCut ? known.filter((list) => list.isSignedBy(issuer)) : [];
  const others = same.flatMap(({ revoked }) => [...revoked]);
  return {
    number: told.number === null ? null : BigInt(told.number),
    thisUpdate: told.from,
    nextUpdate: told.to,
    revoked: new Map([
      ...others,
      ...told.revoked.map(({ serial, at }) => [serial, { at }] as const),
    ]),
    isSignedBy: (each) => keyFingerprintOf(each) === told.issuer,
  };
}
