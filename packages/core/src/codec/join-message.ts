import * as z from "zod";
import { canonical } from "../base/canonical.ts";
import { utf8, type Bytes } from "../base/bytes.ts";
import { parseJsonBytes } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";

/**
 * The conversation of a first contact (gridward-diag/1): the Main proves its pairing key before
 * the joining side says a word; that proves the secret; then come what it asks for and the answer.
 */
export const joinFrameBytesMax = 256 * 1024;

const version = z.literal(1);
const id = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);
const key = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const nonce = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
const signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/);
const base64url = z.string().regex(/^[A-Za-z0-9_-]{1,24000}$/);
const name = z.string().min(1).max(64);
const address = z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/);
const port = z.int().min(0).max(65_535);
const pem = z.string().min(1).max(16_384);

const server = z.strictObject({
  id,
  name,
  address,
  backup: z.exactOptional(address),
  ports: z.strictObject({ https: port, link: port, ldaps: port }),
  pairingKey: key,
  kind: z.enum(["promotable", "permanent"]),
  joinedAt: z.int().min(0),
});

const greeting = z.strictObject({ v: version, id, pairingKey: key, nonce, signature });
const ask = z.strictObject({ v: version, name, mac: key });
const application = z.strictObject({
  v: version,
  server: server.omit({ joinedAt: true }),
  /** Proof of the pairing key that `server` names, over this connection. */
  signature,
  /** PKCS#10, DER: one for TLS, one for the signer of replicas. */
  tlsRequest: base64url,
  signerRequest: base64url,
  /** X25519, fresh: the system key is wrapped to it. */
  wrapKey: key,
});
const refused = z.strictObject({
  v: version,
  answer: z.literal("refused"),
  /** A code of the refusal table. */
  code: z.string().max(64),
  detail: z.string().max(512),
});
const admitted = z.strictObject({ v: version, answer: z.literal("admitted") });
const joined = z.strictObject({
  v: version,
  answer: z.literal("joined"),
  systemId: z.string().min(1).max(64),
  /** With those above it up to its root. */
  authority: z.string().min(1).max(65_536),
  certificate: pem,
  signerCertificate: pem,
  servers: z.array(server).min(1).max(16),
  /** The system key for this server and this connection only. */
  wrapped: z.strictObject({
    key,
    iv: z.string().regex(/^[A-Za-z0-9_-]{16}$/),
    body: z.string().regex(/^[A-Za-z0-9_-]{64}$/),
  }),
});
const answer = z.discriminatedUnion("answer", [refused, admitted, joined]);

export type JoinGreeting = z.infer<typeof greeting>;
export type JoinAsk = z.infer<typeof ask>;
export type JoinApplication = z.infer<typeof application>;
export type JoinAnswer = z.infer<typeof answer>;
export type WrappedKey = z.infer<typeof joined>["wrapped"];

export function encodeJoin(message: JoinGreeting | JoinAsk | JoinApplication | JoinAnswer): Bytes {
  return utf8(canonical(message));
}

export function decodeGreeting(bytes: Bytes): Result<JoinGreeting, "not a greeting"> {
  const parsed = greeting.safeParse(parseJsonBytes(bytes));
  return parsed.success ? ok(parsed.data) : err("not a greeting");
}

export function decodeAsk(bytes: Bytes): Result<JoinAsk, "not a request to join"> {
  const parsed = ask.safeParse(parseJsonBytes(bytes));
  return parsed.success ? ok(parsed.data) : err("not a request to join");
}

export function decodeApplication(bytes: Bytes): Result<JoinApplication, "not an application"> {
  const parsed = application.safeParse(parseJsonBytes(bytes));
  return parsed.success ? ok(parsed.data) : err("not an application");
}

export function decodeJoinAnswer(bytes: Bytes): Result<JoinAnswer, "not an answer"> {
  const parsed = answer.safeParse(parseJsonBytes(bytes));
  return parsed.success ? ok(parsed.data) : err("not an answer");
}
