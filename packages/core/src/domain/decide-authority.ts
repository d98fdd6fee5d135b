import { hour, type Millis } from "../base/time.ts";
import { authorityOf, holdersOf, issuingAuthority } from "./authority-in-use.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import { refuse } from "./refusal.ts";
import type { DirectoryState } from "./state.ts";

/** Devices ask for the trust anchors every hour. */
const knownAfter: Millis = hour;

const namedMost = 10;

/** PK7: one change of authority at a time. */
export function startRollOver(
  state: DirectoryState,
  { authority, certificate }: CommandOf<"start-roll-over">,
): Decision {
  const other = authorityOf(state, "next") ?? authorityOf(state, "former");
  if (other !== undefined) return refuse("authority.under-way", other.standing);
  const { standing, id, cross } = authority;
  const isNext = standing === "next" && cross !== null && certificate.authority === id;
  if (!isNext || certificate.profile !== "authority") {
    return refuse("certificate.wrong-profile", certificate.profile);
  }
  if (state.tables.authorities.has(id)) return refuse("certificate.exists", id);
  return decided(
    [
      { kind: "authority-created", authority },
      { kind: "certificate-issued", certificate },
    ],
    { id },
  );
}

/** Not before every device that reaches a server has had the time to learn of it. */
export function switchAuthority(state: DirectoryState, { at }: Submission): Decision {
  const [next, issuing] = [authorityOf(state, "next"), issuingAuthority(state)];
  if (next === undefined || issuing === undefined) return refuse("authority.no-next", "");
  const left = next.createdAt + knownAfter - at;
  if (left > 0) return refuse("authority.too-new", `${Math.ceil(left / 60_000)} minutes`);
  return decided([{ kind: "authority-switched", from: issuing.id, to: next.id }], { id: next.id });
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
