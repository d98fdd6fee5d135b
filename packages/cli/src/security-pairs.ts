import { ok, type Result } from "@gridward/core/base/result";
import { failed, type CommandFailure } from "./failure.ts";

/** `KEY=VALUE …` as it was typed. */
export function readPairs(
  words: readonly string[],
): Result<Readonly<Record<string, string>>, CommandFailure> {
  const settings: Record<string, string> = {};
  for (const word of words) {
    const at = word.indexOf("=");
    if (at < 1) return failed("client.wrong-use", `${word}: KEY=VALUE`);
    const key = word.slice(0, at);
    if (Object.hasOwn(settings, key)) return failed("client.wrong-use", `${key} is given twice`);
    settings[key] = word.slice(at + 1);
  }
  return ok(settings);
}
