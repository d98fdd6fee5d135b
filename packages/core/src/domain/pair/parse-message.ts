import { z } from "zod";
import { nodeId, systemId } from "../../base/identity.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { arbitrationModes } from "../arbitration-mode.ts";
import type { Entry } from "../entry.ts";
import type { PairMessage } from "./message.ts";
import { entriesPerMessage, suspectAfter } from "./timing.ts";

const count = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const node = z.string().min(1).max(64).transform(nodeId);
const system = z.string().min(1).max(64).transform(systemId);
const duty = z.enum(["main", "standby", "lone", "fenced", "none"]);
const mode = z.enum(arbitrationModes);
const ackSet = z.array(node).max(8);
const reason = z.string().max(200);
const position = z.strictObject({ term: count, start: count, seq: count, hash });

const schema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("hello"),
    systemId: system.nullable(),
    duty,
    term: count,
    owner: node.nullable(),
    head: position,
    committed: count,
    ackSet,
    complete: z.boolean(),
    version: count,
    suspectAfter: z.int().min(suspectAfter.least).max(suspectAfter.most),
  }),
  z.strictObject({
    kind: z.literal("heartbeat"),
    term: count,
    owner: node.nullable(),
    duty,
    head: position,
    committed: count,
    complete: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal("follow"),
    term: count,
    head: position,
    owner: node.nullable(),
  }),
  z.strictObject({
    kind: z.literal("entries"),
    term: count,
    entries: z.array(z.unknown()).max(entriesPerMessage),
    committed: count,
  }),
  z.strictObject({ kind: z.literal("ack"), term: count, head: position }),
  z.strictObject({
    kind: z.literal("forked"),
    term: count,
    points: z.array(position).max(10_000),
    between: z.array(position).max(512).nullable(),
  }),
  z.strictObject({ kind: z.literal("compare"), term: count, low: count, high: count }),
  z.strictObject({ kind: z.literal("prove"), term: count, position, digest: hash }),
  z.strictObject({ kind: z.literal("proof"), term: count, position, digest: hash }),
  z.strictObject({ kind: z.literal("admit"), term: count, ackSet }),
  z.strictObject({ kind: z.literal("rights"), term: count, round: count, mode }),
  z.strictObject({ kind: z.literal("rights-kept"), term: count, round: count, mode }),
  z.strictObject({ kind: z.literal("leaving"), term: count, reason }),
  z.strictObject({
    kind: z.literal("handover"),
    term: count,
    round: count,
    head: position,
    ackSet,
    mode,
  }),
  z.strictObject({ kind: z.literal("handover-refused"), term: count, round: count, reason }),
  z.strictObject({ kind: z.literal("handover-cancel"), term: count, round: count }),
]);

/**
 * A message of the partner, from JSON. Entries are parsed, and their hashes checked, by
 * `parseEntry`, which the caller gives. Never throws.
 */
export function parsePairMessage(
  json: unknown,
  parseEntry: (json: unknown) => Result<Entry, string>,
): Result<PairMessage, string> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) return err(parsed.error.issues[0]?.message ?? "not a pair message");
  const message = parsed.data;
  if (message.kind !== "entries") return ok(message);
  const entries: Entry[] = [];
  for (const each of message.entries) {
    const entry = parseEntry(each);
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  return ok({ ...message, entries });
}
