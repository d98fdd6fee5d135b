import { z } from "zod";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { isTlsCauseCode, type TlsCauseCode } from "@gridward/core/domain/tls-cause";

/** What servers say to each other to try both dial directions now (HS6). The number is the asker's. */
export type DialFrame =
  | {
      readonly kind: "dial-ask";
      readonly id: number;
      /** It shall be a trial, under this token: no end keeps what comes of it (CS11). */
      readonly trial?: string | undefined;
    }
  /** null: verified by both. */
  | { readonly kind: "dial-told"; readonly id: number; readonly refused: DialRefusal | null };

/** As whoever dialled saw it. */
export interface DialRefusal {
  readonly cause: TlsCauseCode;
  readonly by: "us" | "them";
  readonly ours: string;
  readonly theirs: string;
}

const id = z.int().nonnegative();
const factMost = 1_024;
const fact = z.string().max(factMost);

const frameShape = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("dial-ask"),
    id,
    trial: z
      .string()
      .regex(/^[0-9a-z]{1,63}$/)
      .optional(),
  }),
  z.strictObject({
    kind: z.literal("dial-told"),
    id,
    refused: z
      .strictObject({
        cause: z.string().refine(isTlsCauseCode),
        by: z.enum(["us", "them"]),
        ours: fact,
        theirs: fact,
      })
      .nullable(),
  }),
]);

export function isDialFrame(json: unknown): boolean {
  if (typeof json !== "object" || json === null || !("kind" in json)) return false;
  return typeof json.kind === "string" && json.kind.startsWith("dial-");
}

/** From JSON: every member has its shape and its bounds, and there is no other. Never throws. */
export function parseDialFrame(json: unknown): Result<DialFrame, string> {
  const parsed = frameShape.safeParse(json);
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues[0]?.message ?? "malformed");
}

export function encodeDialFrame(frame: DialFrame): Bytes {
  if (frame.kind === "dial-ask" || frame.refused === null) return utf8(JSON.stringify(frame));
  const { ours, theirs } = frame.refused;
  const facts = { ours: ours.slice(0, factMost), theirs: theirs.slice(0, factMost) };
  return utf8(JSON.stringify({ ...frame, refused: { ...frame.refused, ...facts } }));
}
