import assert from "node:assert/strict";
import { decodePosture, encodePosture } from "@gridward/core/codec/posture";
import { systemClock } from "../os/clock.ts";
import type { LinkIdentity } from "./identity.ts";
import type { LinkSettings } from "./link-settings.ts";
import { type OwnPosture, partyOf, partyTold, postureOf } from "./posture.ts";
import { foreseeDial, type ForeseenDial, type Party } from "./what-if.ts";

/** One end of a dial, in a test. */
export interface End {
  readonly identity: LinkIdentity;
  readonly settings: LinkSettings;
  readonly isAnonymous: boolean;
}

/** What each end foresees of a dial, of the other knowing no more than what that tells. */
export function foreseenBy(
  dialler: End,
  acceptor: End,
): { readonly dialler: string; readonly acceptor: string } {
  const [one, other] = [ownOf(dialler, acceptor), ownOf(acceptor, dialler)];
  return {
    dialler: brief(foreseeDial(partyOf(one), heard(other, dialler)), "dialler", "acceptor"),
    acceptor: brief(foreseeDial(heard(one, acceptor), partyOf(other)), "acceptor", "dialler"),
  };
}

function ownOf({ identity, settings, isAnonymous }: End, met: End): OwnPosture {
  const dialsWith = isAnonymous ? null : identity;
  return { identity, settings, dialsWith, met: met.identity.issuers, at: systemClock().now() };
}

/** Over the wire and back. */
function heard(own: OwnPosture, { identity }: End): Party {
  const told = decodePosture(encodePosture(postureOf(own)));
  assert.ok(told.ok && told.value !== null, "a posture is read by whoever it is told");
  const { name } = own.identity;
  const node = name.kind === "server" ? name.node : null;
  return partyTold(told.value, { node, at: systemClock().now() }, identity.lists);
}

/** In the words of one end, as `brief` tells what really came. */
function brief(foreseen: ForeseenDial, own: keyof ForeseenDial, other: keyof ForeseenDial): string {
  const [ours, theirs] = [foreseen[own], foreseen[other]];
  if (ours.verdict === "refused") return `${ours.cause} by us`;
  return theirs.verdict === "refused" ? `${theirs.cause} by them` : "ok";
}
