import type { SecurityAnswer, SecurityEffect } from "@gridward/core/api/security-routes";
import { talk, type Asked, type Cli } from "./cli.ts";

/** CS11: what a change would come to, one line for each partner, direction and class of clients. */
export function talkOfEffects(
  cli: Cli,
  asked: Asked,
  { server, effects }: Pick<SecurityAnswer, "server" | "effects">,
): void {
  for (const effect of effects) talk(cli, asked, effectLine(server, effect));
}

/** `B, when A dials it: ok now, then refused (T01) by B: …. To heal it: …` */
function effectLine(server: string, effect: SecurityEffect): string {
  const { who, kind, direction, before, after, closes, why } = effect;
  const dialled = direction === "dial" ? `${server} dials it` : `it dials ${server}`;
  const whom = kind === "partner" ? `${who}, when ${dialled}` : who;
  const [first, then] = [wordOf(before), wordOf(after)];
  const words = first === then ? `${then} as before` : `${first} now, then ${then}`;
  const open = kind === "clients" && closes > 0 ? ` ${closes} open connections end.` : "";
  if (why === null) return `${whom}: ${words}.${open}`;
  const facts = `${why.refused_by} ${why.demands}; the other ${why.presents}`;
  return `${whom}: ${words}. ${why.text} ${facts}.${open} To heal it: ${why.remedy}`;
}

function wordOf({ verdict, cause }: SecurityEffect["before"]): string {
  switch (verdict) {
    case "ok":
      return "accepted";
    case "unknown":
      return "unknown, it has not said what it demands";
    case "refused":
      return `refused (${cause ?? ""})`;
  }
}
