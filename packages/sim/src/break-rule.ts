import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { assert } from "@gridward/core/base/result";
import type { Mutant } from "./mutant.ts";

/** From now on this thread loads the mutant's file with its rule broken; no file is changed. */
export function breakRule(mutant: Mutant): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/packages/${mutant.file}`)) return loaded;
      const text = readFileSync(fileURLToPath(url), "utf8");
      return { ...loaded, source: brokenText(mutant, text) };
    },
  });
}

/** The text with the rule broken. A mutant that does not fit exactly once proves nothing. */
export function brokenText({ name, find, replace }: Mutant, text: string): string {
  const [before, after, ...more] = text.split(find);
  const fits = before !== undefined && after !== undefined && more.length === 0;
  assert(fits, `the mutant "${name}" no longer fits its file exactly once: renew it`);
  return before + replace + after;
}
