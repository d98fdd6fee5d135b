import { z } from "zod";
import { sclLimits } from "./scl-file.ts";

// Controls, invisible formatting, line separators: they would let a file draw on the console.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const unprintableRuns = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu;

const ipv4 = z.ipv4();
const ipv6 = z.ipv6();

/** The name without the white space around it; undefined if it is none. */
export function parseSclName(raw: string): string | undefined {
  const name = raw.trim();
  if (name === "" || name.length > 2 * sclLimits.nameCharactersMax) return undefined;
  if (Array.from(name).length > sclLimits.nameCharactersMax) return undefined;
  return unprintable.test(name) ? undefined : name;
}

/** Text of a foreign file made fit for a screen: one line, printable, bounded. */
export function printableSclText(raw: string, charactersMax: number): string {
  const line = raw
    .slice(0, charactersMax * 4)
    .replace(unprintableRuns, " ")
    .trim();
  const characters = Array.from(line);
  if (characters.length <= charactersMax) return line;
  return characters.slice(0, charactersMax).join("");
}

export function quoteSclText(raw: string): string {
  return `"${printableSclText(raw, sclLimits.nameCharactersMax)}"`;
}

export function isIpv4(text: string): boolean {
  return ipv4.safeParse(text).success;
}

export function isIpv6(text: string): boolean {
  return ipv6.safeParse(text).success;
}
