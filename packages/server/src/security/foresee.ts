import type { SecurityEffect } from "@gridward/core/api/security-routes";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import { type Sides, tellTlsCause } from "@gridward/core/domain/tls-cause";
import type { ServerRow } from "@gridward/core/domain/types";
import { judgeOnLink } from "@gridward/runtime/link/judge-on-link";
import { strictLink } from "@gridward/runtime/link/link-settings";
import { partyOf } from "@gridward/runtime/link/posture";
import { foreseeDial, type Foreseen, type ForeseenDial } from "@gridward/runtime/link/what-if";
import { judgePeer, type Judgement, withoutLists } from "@gridward/runtime/trust/judge";
import { objectionToBare } from "../clients/client-gate.ts";
import { linkIdentity } from "../link-identity.ts";
import type { CutCount } from "./live-connections.ts";
import type { Postures, PosturesParts } from "./postures.ts";

export interface ForeseeParts extends PosturesParts {
  readonly postures: Postures;
  /** How many open connections would be closed under these settings. */
  readonly countCut: (proposed: SecuritySettings) => Promise<CutCount>;
}

/** How one direction would end: by whose word, and why. */
interface Ending {
  readonly verdict: "ok" | "refused" | "unknown";
  readonly refusal?: Extract<Foreseen, { readonly verdict: "refused" }>;
  readonly sides?: Sides;
}

const unknown: Ending = { verdict: "unknown" };

/**
 * CS11: what settings would come to for every partner, in both directions, and for each class of
 * clients, by the one judge and by what the partners said of themselves last. Changes nothing.
 */
export async function foresee(
  parts: ForeseeParts,
  proposed: SecuritySettings,
): Promise<readonly SecurityEffect[]> {
  const { identity, state } = parts;
  const { now } = identity.settings;
  const cut = await parts.countCut(proposed);
  const partners = [...state().tables.servers.values()].filter(({ id }) => id !== identity.node);
  return [
    ...partners.flatMap((partner) =>
      (["dial", "accept"] as const).map((direction) =>
        effectOf(
          { who: partner.name, kind: "partner", direction, closes: cut.partners },
          endOf(parts, now, partner, direction),
          endOf(parts, proposed, partner, direction),
        ),
      ),
    ),
    ...clientEffects(parts, proposed, cut),
  ];
}

type Whom = Pick<SecurityEffect, "who" | "kind" | "direction" | "closes">;

function effectOf(whom: Whom, before: Ending, after: Ending): SecurityEffect {
  const { refusal, sides } = after;
  return {
    ...whom,
    before: wordOf(before),
    after: wordOf(after),
    breaks: before.verdict !== "refused" && after.verdict === "refused",
    why:
      refusal === undefined || sides === undefined
        ? null
        : {
            refused_by: sides.refuser,
            demands: refusal.demands,
            presents: refusal.presents,
            ...tellTlsCause(refusal.cause, sides),
          },
  };
}

function wordOf({ verdict, refusal }: Ending): SecurityEffect["before"] {
  return { verdict, cause: refusal?.cause ?? null };
}

function endOf(
  { identity, postures }: ForeseeParts,
  settings: SecuritySettings,
  { id, name }: ServerRow,
  direction: "dial" | "accept",
): Ending {
  const partner = postures.party(id);
  if (partner === null) return unknown;
  const own = partyOf(postures.as(settings, id));
  const [dialler, acceptor] = direction === "dial" ? [own, partner] : [partner, own];
  const names = direction === "dial" ? [identity.name, name] : [name, identity.name];
  const [diallerName = "", acceptorName = ""] = names;
  return endingOf(foreseeDial(dialler, acceptor), { dialler: diallerName, acceptor: acceptorName });
}

function endingOf(
  foreseen: ForeseenDial,
  names: Readonly<Record<keyof ForeseenDial, string>>,
): Ending {
  for (const [end, other] of [
    ["dialler", "acceptor"],
    ["acceptor", "dialler"],
  ] as const) {
    const refusal = foreseen[end];
    if (refusal.verdict === "ok") continue;
    return { verdict: "refused", refusal, sides: { refuser: names[end], refused: names[other] } };
  }
  return { verdict: "ok" };
}

const oldClients = "clients and devices without TLS 1.3";
const lostClients = "clients whose certificate leads to no account";
const clearClients = "clients without TLS";
/** There may be none of these: only those that are there are cut off. */
const perhapsNone: readonly string[] = [oldClients, lostClients, clearClients];

/** Clients choose whom they trust: what is said is of those that trust the system's authority. */
function clientEffects(
  parts: ForeseeParts,
  proposed: SecuritySettings,
  cut: CutCount,
): readonly SecurityEffect[] {
  const { identity } = parts;
  const { now } = identity.settings;
  if (identity.authority === null) return [];
  const clients = cut.https + cut.ldaps;
  const classes = [
    { who: "devices", closes: cut.devices, end: deviceEnd },
    { who: "clients at HTTPS and LDAPS", closes: clients, end: clientEnd },
    { who: oldClients, closes: cut.devices + clients, end: oldEnd },
    { who: "clients without a certificate", closes: clients, end: bareEnd },
    { who: lostClients, closes: clients, end: lostEnd },
    ...(now.legacy ? [{ who: clearClients, closes: cut.ldap, end: clearEnd }] : []),
  ];
  return classes.map(({ who, closes, end }) => {
    const whom = { who, kind: "clients", direction: "accept", closes } as const;
    const effect = effectOf(whom, end(parts, now, who), end(parts, proposed, who));
    return perhapsNone.includes(who) && closes === 0 ? { ...effect, breaks: false } : effect;
  });
}

function deviceEnd(parts: ForeseeParts, settings: SecuritySettings, who: string): Ending {
  const { certificate, issuers, anchors, lists } = linkIdentity(parts, settings);
  const judgement = judgeOnLink({
    protocol: "gridward-replica/1",
    direction: "dial",
    settings: strictLink,
    expectedNode: parts.identity.node,
    chain: [certificate, ...issuers].map(({ raw }) => raw),
    anchors,
    lists,
    at: parts.now(),
    isNewest: true,
    handshake: null,
  });
  return clientWord(parts, judgement, who);
}

function clientEnd(parts: ForeseeParts, { temporary }: SecuritySettings, who: string): Ending {
  const { identity, state } = parts;
  const { certificate, issuers } = identity.certificates.shown("clients", temporary);
  const judgement = judgePeer({
    chain: [certificate, ...issuers].map(({ raw }) => raw),
    anchors: identity.anchors,
    lists: [],
    purpose: "server",
    expected: {
      kind: "host",
      host: state().tables.servers.get(identity.node)?.address ?? identity.name,
    },
    at: parts.now(),
    settings: withoutLists,
    handshake: null,
  });
  return clientWord(parts, judgement, who);
}

function clientWord({ identity }: ForeseeParts, judgement: Judgement, who: string): Ending {
  if (judgement.verdict === "ok") return { verdict: "ok" };
  const { cause, ours, theirs } = judgement;
  return {
    verdict: "refused",
    refusal: { verdict: "refused", cause, demands: ours, presents: theirs },
    sides: { refuser: who, refused: identity.name },
  };
}

/** CS6: what LDAPS and HTTPS demand of whoever comes. */
function bareEnd({ identity }: ForeseeParts, settings: SecuritySettings, who: string): Ending {
  const objection = objectionToBare(settings);
  if (objection === null) return { verdict: "ok" };
  const { cause, ours: demands, theirs: presents } = objection;
  return {
    verdict: "refused",
    refusal: { verdict: "refused", cause, demands, presents },
    sides: { refuser: identity.name, refused: who },
  };
}

/** CS6: where certificates lead to accounts, one that leads nowhere is declined. */
function lostEnd(
  { identity }: ForeseeParts,
  { map_clients }: SecuritySettings,
  who: string,
): Ending {
  if (!map_clients) return { verdict: "ok" };
  const facts = { demands: "maps certificates to accounts", presents: "presents one of nobody" };
  return {
    verdict: "refused",
    refusal: { verdict: "refused", cause: "T10", ...facts },
    sides: { refuser: identity.name, refused: who },
  };
}

/** CS7: who is not served without TLS any more. */
function clearEnd({ identity }: ForeseeParts, { legacy }: SecuritySettings, who: string): Ending {
  if (legacy) return { verdict: "ok" };
  const facts = { demands: "serves nobody without TLS", presents: "speaks none" };
  return {
    verdict: "refused",
    refusal: { verdict: "refused", cause: "T14", ...facts },
    sides: { refuser: identity.name, refused: who },
  };
}

function oldEnd({ identity }: ForeseeParts, settings: SecuritySettings, who: string): Ending {
  if (settings.tls_min === "1.2") return { verdict: "ok" };
  const facts = { demands: "speaks TLS 1.3 only", presents: "speaks TLS 1.2 at most" };
  return {
    verdict: "refused",
    refusal: { verdict: "refused", cause: "T11", ...facts },
    sides: { refuser: identity.name, refused: who },
  };
}
