import { z } from "zod";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { answerShape } from "@gridward/core/domain/parse-entry";
import { parseOrder, type PassedOrder } from "@gridward/core/domain/parse-order";
import { isRefusalCode, type Refusal } from "@gridward/core/domain/refusal";
import type { Receipt } from "../parts.ts";

/** Standby to Main: make this change. The number is the asker's own, for the answer. */
export interface SubmitFrame {
  readonly kind: "submit";
  readonly id: number;
  readonly submission: PassedOrder;
}

/** Main to Standby: what became of it. */
export interface SubmittedFrame {
  readonly kind: "submitted";
  readonly id: number;
  readonly outcome: Result<Receipt, Refusal>;
}

export type PassOnFrame = SubmitFrame | SubmittedFrame;

const count = z.int().nonnegative();
/** Of a refusal that names every bad row. */
const detailLengthMax = 65_536;

const frameShape = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("submit"), id: count, submission: z.unknown() }),
  z.strictObject({
    kind: z.literal("submitted"),
    id: count,
    outcome: z.discriminatedUnion("ok", [
      z.strictObject({
        ok: z.literal(true),
        value: z.strictObject({ seq: count, answer: answerShape }),
      }),
      z.strictObject({
        ok: z.literal(false),
        error: z.strictObject({
          code: z.string().refine(isRefusalCode),
          detail: z.string().max(detailLengthMax),
        }),
      }),
    ]),
  }),
]);

export function isPassOn(json: unknown): boolean {
  if (typeof json !== "object" || json === null || !("kind" in json)) return false;
  return json.kind === "submit" || json.kind === "submitted";
}

/** From JSON: every member has its shape and its bounds, and there is no other. Never throws. */
export function parsePassOn(json: unknown): Result<PassOnFrame, string> {
  const parsed = frameShape.safeParse(json);
  if (!parsed.success) return err(parsed.error.issues[0]?.message ?? "malformed");
  const frame = parsed.data;
  if (frame.kind === "submitted") return ok(frame);
  const submission = parseOrder(frame.submission);
  return submission.ok ? ok({ ...frame, submission: submission.value }) : submission;
}

export function encodePassOn(frame: PassOnFrame): Bytes {
  if (frame.kind === "submit" || frame.outcome.ok) return utf8(JSON.stringify(frame));
  const { code, detail } = frame.outcome.error;
  const error = { code, detail: detail.slice(0, detailLengthMax) };
  return utf8(JSON.stringify({ ...frame, outcome: err(error) }));
}
