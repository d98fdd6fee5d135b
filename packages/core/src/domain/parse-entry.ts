import { nodeId, requestId } from "../base/identity.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Entry } from "./entry.ts";
import type { Fact } from "./fact.ts";
import type { Actor, CommandAnswer } from "./types.ts";

/** Facts in one entry at most: a whole station's devices in one command. */
const factsMost = 20_000;

const factKinds: Readonly<Record<Fact["kind"], true>> = {
  "system-created": true,
  "authority-created": true,
  "certificate-issued": true,
  "policy-set": true,
  "account-created": true,
  "account-updated": true,
  "account-enabled": true,
  "account-disabled": true,
  "account-deleted": true,
  "account-locked": true,
  "account-unlocked": true,
  "password-set": true,
  "code-issued": true,
  "code-used": true,
  "session-ended": true,
  "group-created": true,
  "group-deleted": true,
  "group-joined": true,
  "group-left": true,
  "group-denied": true,
  "group-deny-lifted": true,
  "group-administrator-admitted": true,
  "device-registered": true,
  "device-code-issued": true,
  "device-enrolled": true,
  "device-replication-set": true,
  "invite-issued": true,
  "invite-tried": true,
  "invite-used": true,
  "server-joined": true,
  "term-started": true,
  "ack-set-changed": true,
  "state-digested": true,
};

const entryMembers = 12;

/**
 * An entry from JSON, of our disk or of the partner's link. Shape, kinds and ranges are checked
 * here; that it is what was written is proved by its hash, which the caller compares. Never throws.
 */
export function parseEntry(json: unknown): Result<Entry, string> {
  if (!isRecord(json)) return err("an entry is an object");
  if (Object.keys(json).length !== entryMembers) return err("an entry has 12 members");
  const { at, actor, requestId: request, kind, facts, answer, node } = json;
  const { term, start, seq, hash, prev } = json;
  if (!isCount(at) || !isCount(term) || !isCount(start) || !isCount(seq)) return err("bad number");
  if (!isHash(hash) || !isHash(prev)) return err("bad hash");
  if (!isText(request, 64) || !isText(kind, 64) || !isText(node, 64)) return err("bad text");
  if (!isActor(actor)) return err("bad actor");
  if (!isAnswer(answer)) return err("bad answer");
  if (!isFacts(facts)) return err("bad facts");
  return ok({
    at,
    actor,
    requestId: requestId(request),
    kind,
    facts,
    answer,
    node: nodeId(node),
    term,
    start,
    seq,
    hash,
    prev,
  });
}

type Members = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isText(value: unknown, most: number): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= most;
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isActor(value: unknown): value is Actor {
  if (!isRecord(value)) return false;
  const { kind, id, name, door, source } = value;
  return [kind, id, name, door, source].every(
    (text) => typeof text === "string" && text.length <= 512,
  );
}

function isAnswer(value: unknown): value is CommandAnswer {
  return isRecord(value) && Object.keys(value).every((key) => answerMembers.includes(key));
}

const answerMembers: readonly string[] = ["id", "count", "revision", "certificate"];

function isFacts(value: unknown): value is readonly Fact[] {
  return Array.isArray(value) && value.length <= factsMost && value.every(isFact);
}

function isFact(value: unknown): value is Fact {
  if (!isRecord(value)) return false;
  return typeof value["kind"] === "string" && Object.hasOwn(factKinds, value["kind"]);
}
