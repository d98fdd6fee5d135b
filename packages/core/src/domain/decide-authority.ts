import { hour, rfc3339, type Millis } from "../base/time.ts";
import { authorityOf, holdersOf, issuingAuthority } from "./authority-in-use.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import { refuse } from "./refusal.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type { AuthorityRequest, AuthorityRow, CertificateRow, ServerRow } from "./types.ts";

/** Devices ask for the trust anchors every hour. */
const knownAfter: Millis = hour;

const namedMost = 10;

/** PK1: one at a time, or nobody knows which of them a CA is signing. */
export function requestAuthority(
  state: DirectoryState,
  { request }: CommandOf<"request-authority">,
): Decision {
  const open = openRequest(state);
  if (open !== undefined) return refuse("authority.requested", rfc3339(open.createdAt));
  if (!state.tables.system.has(singleKey)) return refuse("system.blank", "");
  return decided([{ kind: "authority-requested", request }], { id: request.id });
}

/** What a CA signs for it after that is of no use: its key is gone. */
export function withdrawAuthorityRequest(state: DirectoryState): Decision {
  const open = openRequest(state);
  if (open === undefined) return refuse("authority.no-request", "");
  return decided([{ kind: "authority-request-closed", id: open.id }], { id: open.id });
}

function openRequest({ tables }: DirectoryState): AuthorityRequest | undefined {
  return tables.system.get(singleKey)?.authorityRequest;
}

/** PK7: one change of authority at a time. */
export function startRollOver(
  state: DirectoryState,
  { authority, certificate }: CommandOf<"start-roll-over">,
): Decision {
  const other = authorityOf(state, "next") ?? authorityOf(state, "former");
  if (other !== undefined) return refuse("authority.under-way", other.standing);
  const { id, chain, key } = authority;
  if (!isNext(authority, certificate)) {
    return refuse("certificate.wrong-profile", certificate.profile);
  }
  const { authorities, certificates } = state.tables;
  if (authorities.has(id)) return refuse("certificate.exists", id);
  const { serial } = certificate;
  // Another CA chose it.
  if (certificates.has(serial)) return refuse("certificate.exists", serial);
  const open = openRequest(state);
  const isAsked = open?.id === id && open.key === key;
  if (chain !== undefined && !isAsked) return refuse("authority.no-request", "");
  return decided(
    [
      { kind: "authority-created", authority },
      { kind: "certificate-issued", certificate },
      ...(chain === undefined ? [] : [{ kind: "authority-request-closed", id } as const]),
    ],
    { id },
  );
}

/** Who has no root above it is proved by the one before it, and by nobody else. */
function isNext(
  { standing, id, cross, chain }: AuthorityRow,
  { profile, authority }: CertificateRow,
): boolean {
  const isProved = cross !== null || chain !== undefined;
  return standing === "next" && isProved && authority === id && profile === "authority";
}

/** Not before every device that reaches a server has had the time to learn of it; none needs none. */
export function switchAuthority(state: DirectoryState, { at }: Submission): Decision {
  const [next, issuing] = [authorityOf(state, "next"), issuingAuthority(state)];
  if (next === undefined || issuing === undefined) return refuse("authority.no-next", "");
  const left = next.createdAt + knownAfter - at;
  const hasDevices = state.tables.devices.some(({ certificate }) => certificate !== null);
  if (left > 0 && hasDevices) {
    return refuse("authority.too-new", `${Math.ceil(left / 60_000)} minutes`);
  }
  const away = next.cross === null ? serversAway(state) : [];
  if (away.length > 0) return refuse("authority.server-away", away.join(", "));
  return decided([{ kind: "authority-switched", from: issuing.id, to: next.id }], { id: next.id });
}

/** Without the present authority's word they would refuse all others when they come back. */
function serversAway({ tables }: DirectoryState): readonly string[] {
  const ackSet = tables.pair.get(singleKey)?.ackSet ?? [];
  const isAway = ({ id, kind }: ServerRow): boolean =>
    kind === "promotable" && !ackSet.includes(id);
  return [...tables.servers.values()].filter(isAway).map(({ name }) => name);
}

/** Once nobody is known by it any more. */
export function retireAuthority(state: DirectoryState, { at }: Submission): Decision {
  const former = authorityOf(state, "former");
  if (former === undefined) return refuse("authority.no-former", "");
  const holders = holdersOf(state, former.id, at);
  if (holders.length > 0) {
    const named = holders.slice(0, namedMost).join(", ");
    const more = holders.length > namedMost ? `, and ${holders.length - namedMost} more` : "";
    return refuse("authority.in-use", `${named}${more}`);
  }
  return decided([{ kind: "authority-retired", id: former.id }], { id: former.id });
}
