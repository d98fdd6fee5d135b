import * as z from "zod";
import { canonical } from "../base/canonical.ts";
import { lengthPrefixed, utf8, type Bytes } from "../base/bytes.ts";
import { parseJsonBytes } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";

/**
 * What two ends of a link tell each other before either believes the other (design §6). Each is
 * one frame of at most 512 bytes, canonical JSON, and holds nothing secret and no names.
 */
const nonce = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
const signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/);
const cause = z.string().regex(/^T(?:0[1-9]|1[0-7])$/);
const version = z.literal(1);

const verdictFrame = z.discriminatedUnion("verdict", [
  z.strictObject({
    v: version,
    verdict: z.literal("ok"),
    nonce,
    /** Node id or device id of the sender: a claim until certificate or pairing key proved it. */
    id: z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/),
  }),
  z.strictObject({
    v: version,
    verdict: z.literal("refused"),
    cause,
    nonce,
    id: z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/),
  }),
]);
export type VerdictFrame = z.infer<typeof verdictFrame>;

/** Proof of the pairing key, by the dialling side first; "refused" in its place ends the link. */
const proofFrame = z.discriminatedUnion("proof", [
  z.strictObject({ v: version, proof: z.literal("signature"), signature }),
  z.strictObject({ v: version, proof: z.literal("refused"), cause }),
  /** The dialling side's last word: it accepts the proof of the other. */
  z.strictObject({ v: version, proof: z.literal("accepted") }),
]);
export type ProofFrame = z.infer<typeof proofFrame>;

export function encodeVerdict(frame: VerdictFrame): Bytes {
  return utf8(canonical(frame));
}

export function decodeVerdict(bytes: Bytes): Result<VerdictFrame, "not a verdict"> {
  const parsed = verdictFrame.safeParse(parseJsonBytes(bytes));
  return parsed.success ? ok(parsed.data) : err("not a verdict");
}

export function encodeProof(frame: ProofFrame): Bytes {
  return utf8(canonical(frame));
}

export function decodeProof(bytes: Bytes): Result<ProofFrame, "not a proof"> {
  const parsed = proofFrame.safeParse(parseJsonBytes(bytes));
  return parsed.success ? ok(parsed.data) : err("not a proof");
}

/** What a pairing-key signature covers: a signature for one place is void in every other. */
export interface ProofSubject {
  readonly protocol: string;
  /** Who signs: the side that opened the connection, or the other. */
  readonly signer: "dialler" | "acceptor";
  readonly diallerId: string;
  readonly acceptorId: string;
  readonly diallerNonce: string;
  readonly acceptorNonce: string;
  /** SHA-256 of each leaf certificate, "" for none. */
  readonly diallerFingerprint: string;
  readonly acceptorFingerprint: string;
  /** `exportKeyingMaterial` of this very connection: a relay has two different ones. */
  readonly exporter: Bytes;
}

export function encodeProofSubject(subject: ProofSubject): Bytes {
  return lengthPrefixed([
    utf8("gridward link proof 1"),
    utf8(subject.protocol),
    utf8(subject.signer),
    utf8(subject.diallerId),
    utf8(subject.acceptorId),
    utf8(subject.diallerNonce),
    utf8(subject.acceptorNonce),
    utf8(subject.diallerFingerprint),
    utf8(subject.acceptorFingerprint),
    subject.exporter,
  ]);
}
