import { createSecureContext } from "node:tls";
import { contextOptions } from "./identity.ts";
import type { PeerTrust } from "./peer.ts";

/**
 * CS11: a handshake that is made to see what it comes to. It is asked for by the name of the server
 * (RFC 6066 §3): so the accepting side can show and demand what is proposed there, to this caller
 * and to nobody else. No end keeps the connection, or takes its refusal for more than a trial's.
 */
const suffix = ".trial.gridward.invalid";

export function trialName(token: string): string {
  return `${token}${suffix}`;
}

/** The token of a trial; undefined where the connection is none. */
export function trialToken(servername: string | false | null | undefined): string | undefined {
  if (typeof servername !== "string" || !servername.endsWith(suffix)) return undefined;
  return servername.slice(0, -suffix.length);
}

/** The token of a trial of what stands at the dialled end. */
export const trialOfNow = "now";

type Proposals = ((token: string) => PeerTrust | null) | undefined;

/** For `SNICallback`: what is shown to who asks for a trial; all others see what stands. */
export function chooseTrialContext(proposals: Proposals) {
  return (
    servername: string,
    done: (error: Error | null, context?: ReturnType<typeof createSecureContext>) => void,
  ): void => {
    const token = trialToken(servername);
    const proposal = token === undefined ? null : (proposals?.(token) ?? null);
    if (proposal === null) return done(null);
    const { identity, settings } = proposal;
    done(null, createSecureContext(contextOptions(identity, settings.tlsMin)));
  };
}
