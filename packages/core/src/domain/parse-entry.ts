import { z } from "zod";
import { err, ok, type Result } from "../base/result.ts";
import type { Entry } from "./entry.ts";
import type { Fact } from "./fact.ts";
import { factShapes } from "./fact-shapes.ts";
import { factsPerEntryMax } from "./limits.ts";
import {
  actorShape,
  hashShape,
  idShape,
  longTextShape,
  wholeShape,
  type Plain,
} from "./row-shapes.ts";

const shortText = z.string().min(1).max(64);

export const answerShape = z.strictObject({
  id: z.exactOptional(idShape),
  count: z.exactOptional(wholeShape),
  revision: z.exactOptional(wholeShape),
  certificate: z.exactOptional(longTextShape),
});

/** All of an entry but its facts, which are looked at one by one. */
const entryShape = z.strictObject({
  at: wholeShape,
  actor: actorShape,
  requestId: shortText,
  kind: shortText,
  facts: z.array(z.unknown()).max(factsPerEntryMax),
  answer: answerShape,
  node: shortText,
  term: wholeShape,
  start: wholeShape,
  seq: wholeShape,
  hash: hashShape,
  prev: hashShape,
}) satisfies z.ZodType<Omit<Plain<Entry>, "facts">>;

/**
 * An entry from JSON, of our disk or of the partner's link: every member of every fact has its
 * shape and its bounds, and there is no other. That it is what was written is proved by its hash,
 * which the caller compares. Never throws.
 */
export function parseEntry(json: unknown): Result<Entry, string> {
  const entry = entryShape.safeParse(json);
  if (!entry.success) return err(reasonOf(entry.error));
  const facts = parseFacts(entry.data.facts);
  if (!facts.ok) return facts;
  return isEntry(json) ? ok(json) : err("not an entry");
}

/** The facts of an entry from JSON, each of its exact shape. Never throws. */
export function parseFacts(json: unknown): Result<readonly Fact[], string> {
  if (!Array.isArray(json)) return err("no facts");
  for (const fact of json) {
    const kind = kindOf(fact);
    if (kind === undefined) return err("a fact of an unknown kind");
    const found = factShapes[kind].safeParse(fact);
    if (!found.success) return err(`${kind}: ${reasonOf(found.error)}`);
  }
  return areFacts(json) ? ok(json) : err("no facts");
}

function areFacts(json: readonly unknown[]): json is readonly Fact[] {
  return json.length <= factsPerEntryMax;
}

function kindOf(fact: unknown): keyof typeof factShapes | undefined {
  if (typeof fact !== "object" || fact === null || !("kind" in fact)) return undefined;
  return isKind(fact.kind) ? fact.kind : undefined;
}

function isKind(kind: unknown): kind is keyof typeof factShapes {
  return typeof kind === "string" && Object.hasOwn(factShapes, kind);
}

/** Brands what the shapes above have judged. */
function isEntry(json: unknown): json is Entry {
  return typeof json === "object";
}

function reasonOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? "malformed" : `${issue.path.join(".")}: ${issue.message}`;
}
