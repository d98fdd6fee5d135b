import { z } from "zod";
import type { Bytes } from "../base/bytes.ts";
import { parseJsonBytes } from "../base/json.ts";
import { nodeId, systemId, type NodeId } from "../base/identity.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { ArbiterAnswer, ArbiterEntry, ArbiterRecord, ArbiterRequest } from "./arbiter.ts";
import { serversMax } from "./limits.ts";

/**
 * What a server and the witness tell each other, as JSON in frames. The witness must never be hurt
 * by what comes, so every member has its shape and its bounds, and there is no other.
 */
export const witnessFrameBytesMax = 16 * 1024;

/** A server that the witness lets in, by its pairing key. */
export interface KnownServer {
  readonly id: NodeId;
  /** For people only. */
  readonly name: string;
  readonly pairingKey: string;
}

/** `introduce`: the owner of the register says which servers the system has now. */
export type WitnessRequest =
  | ArbiterRequest
  | { readonly kind: "introduce"; readonly servers: readonly KnownServer[] };

export interface WitnessQuestion {
  readonly id: number;
  readonly request: WitnessRequest;
}

export interface WitnessReply {
  readonly id: number;
  readonly answer: ArbiterAnswer;
}

const count = z.int().min(0);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const id = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);
const node = z.string().min(1).max(64).transform(nodeId);
const position = z.strictObject({ term: count, start: count, seq: count, hash });
const entryMembers = {
  systemId: z.string().min(1).max(64).transform(systemId),
  term: count,
  owner: node,
  ackSet: z.array(node).min(1).max(serversMax),
  floor: position,
};
const entry = z.strictObject(entryMembers);
const record = z.strictObject({ ...entryMembers, version: count });
const servers = z
  .array(
    z.strictObject({
      id: id.transform(nodeId),
      name: z.string().min(1).max(64),
      pairingKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    }),
  )
  .min(1)
  .max(serversMax);

const question = z.strictObject({
  id: count,
  request: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("read") }),
    z.strictObject({ kind: z.literal("cas"), version: count, next: entry }),
    z.strictObject({ kind: z.literal("seed"), version: count, next: entry }),
    z.strictObject({ kind: z.literal("introduce"), servers }),
  ]),
});

const answer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["record", "conflict", "refused"]), record }),
  z.strictObject({ kind: z.enum(["blank", "other-system"]) }),
]);
const reply = z.strictObject({ id: count, answer });

/** First contact, after the greeting: the server proves the code's secret, and says who it is. */
const claim = z.strictObject({
  v: z.literal(1),
  server: id,
  mac: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
/** The witness lets it in, and tells a salted hash of its machine: one host is one failure. */
const admission = z.discriminatedUnion("answer", [
  z.strictObject({
    v: z.literal(1),
    answer: z.literal("admitted"),
    machine: z.strictObject({ salt: hash, hash }).nullable(),
  }),
  z.strictObject({ v: z.literal(1), answer: z.literal("refused") }),
]);
const seed = z.strictObject({ v: z.literal(1), version: count, entry, servers });
const seeded = z.strictObject({ v: z.literal(1), answer });

export type WitnessClaim = z.infer<typeof claim>;
export type WitnessAdmission = z.infer<typeof admission>;
export interface WitnessSeed {
  readonly v: 1;
  /** Highest version that the Main has seen of any register of its system. */
  readonly version: number;
  readonly entry: ArbiterEntry;
  readonly servers: readonly KnownServer[];
}
export interface WitnessSeeded {
  readonly v: 1;
  readonly answer: ArbiterAnswer;
}

export function parseRecord(json: unknown): ArbiterRecord | undefined {
  return record.safeParse(json).data;
}

export function parseKnownServers(json: unknown): readonly KnownServer[] | undefined {
  return servers.safeParse(json).data;
}

export function decodeQuestion(bytes: Bytes): Result<WitnessQuestion, "not a question"> {
  const parsed = question.safeParse(parseJson(bytes));
  return parsed.success ? ok(parsed.data) : err("not a question");
}

export function decodeReply(bytes: Bytes): Result<WitnessReply, "not a reply"> {
  const parsed = reply.safeParse(parseJson(bytes));
  return parsed.success ? ok(parsed.data) : err("not a reply");
}

export function decodeClaim(bytes: Bytes): Result<WitnessClaim, "not a claim"> {
  const parsed = claim.safeParse(parseJson(bytes));
  return parsed.success ? ok(parsed.data) : err("not a claim");
}

export function decodeAdmission(bytes: Bytes): Result<WitnessAdmission, "not an admission"> {
  const parsed = admission.safeParse(parseJson(bytes));
  return parsed.success ? ok(parsed.data) : err("not an admission");
}

export function decodeSeed(bytes: Bytes): Result<WitnessSeed, "not a seed"> {
  const parsed = seed.safeParse(parseJson(bytes));
  return parsed.success ? ok(parsed.data) : err("not a seed");
}

export function decodeSeeded(bytes: Bytes): Result<WitnessSeeded, "not an answer"> {
  const parsed = seeded.safeParse(parseJson(bytes));
  return parsed.success ? ok(parsed.data) : err("not an answer");
}

function parseJson(bytes: Bytes): unknown {
  return bytes.length > witnessFrameBytesMax ? undefined : parseJsonBytes(bytes);
}
