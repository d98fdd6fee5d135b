import type { SecurityTrial } from "@gridward/core/api/security-routes";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import { isTlsCauseCode, tellTlsCause } from "@gridward/core/domain/tls-cause";
import type { ServerRow } from "@gridward/core/domain/types";
import type { LinkOutcome } from "@gridward/runtime/link/peer";
import { trialOfNow } from "@gridward/runtime/link/trial";
import { freshId } from "@gridward/runtime/os/random";
import type { DialCheck, Told } from "../pair/dial-check.ts";
import type { Pair } from "../pair/open-pair.ts";
import type { PosturesParts } from "./postures.ts";

export interface TrialsParts extends Pick<PosturesParts, "identity" | "state"> {
  readonly pair: () => {
    readonly dialCheck: Pick<DialCheck, "askInTrial">;
    readonly dialInTrial: Pair["dialInTrial"];
  };
}

export interface Trials {
  /** What is proposed under a token, while its trial lasts. */
  readonly proposed: (token: string) => SecuritySettings | null;
  readonly run: (settings: SecuritySettings) => Promise<readonly SecurityTrial[]>;
}

/**
 * CS11: handshakes with every partner in both directions, under settings that are only proposed.
 * The links that stand are left alone, and no end notes anything.
 */
export function openTrials(parts: TrialsParts): Trials {
  const proposals = new Map<string, SecuritySettings>();
  return {
    proposed: (token) => proposals.get(token) ?? null,
    run: async (settings) => {
      const token = freshId().toLowerCase();
      proposals.set(token, settings);
      const { identity, state } = parts;
      const partners = [...state().tables.servers.values()].filter(
        ({ id }) => id !== identity.node,
      );
      const found = await Promise.all(
        partners.map(async (partner) => [
          dialled(parts, partner, await parts.pair().dialInTrial(partner.id, trialOfNow, settings)),
          called(parts, partner, await parts.pair().dialCheck.askInTrial(partner.id, token)),
        ]),
      );
      proposals.delete(token);
      return found.flat();
    },
  };
}

function dialled(parts: TrialsParts, { name }: ServerRow, outcome: LinkOutcome): SecurityTrial {
  const row = { partner: name, direction: "dial" } as const;
  if (outcome.outcome === "verified") {
    outcome.peer.close("a trial");
    return { ...row, ...passed };
  }
  const { cause, by, ours, theirs } = outcome;
  const [refuser, refused] =
    by === "us" ? [parts.identity.name, name] : [name, parts.identity.name];
  return { ...row, ...told({ cause, refuser, refused }), ours, theirs };
}

/** What the partner says of its own dial; its facts are ours the other way round. */
function called(parts: TrialsParts, { name }: ServerRow, said: Told): SecurityTrial {
  const row = { partner: name, direction: "accept" } as const;
  if (said === "silent") return { ...row, ...passed, verdict: "not tried" };
  if (said === null) return { ...row, ...passed };
  const { cause, by, ours: theirs, theirs: ours } = said;
  const [refuser, refused] =
    by === "us" ? [name, parts.identity.name] : [parts.identity.name, name];
  return { ...row, ...told({ cause, refuser, refused }), ours, theirs };
}

const passed = {
  verdict: "ok",
  cause: null,
  refused_by: null,
  ours: null,
  theirs: null,
  text: null,
  remedy: null,
} as const;

/** What was not reached was refused by nobody. */
function told({
  cause,
  ...sides
}: {
  readonly cause: string;
  readonly refuser: string;
  readonly refused: string;
}): Pick<SecurityTrial, "verdict" | "cause" | "refused_by" | "text" | "remedy"> {
  const known = isTlsCauseCode(cause) ? cause : "T17";
  const refused_by = known === "T17" ? null : sides.refuser;
  const verdict = known === "T17" ? "not reached" : "refused";
  return { verdict, cause: known, refused_by, ...tellTlsCause(known, sides) };
}
