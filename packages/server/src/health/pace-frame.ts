import { z } from "zod";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { day, type Millis } from "@gridward/core/base/time";
import type { SlowPart } from "@gridward/core/domain/slowness";

/** Server to server: I am slow, and live. Repeated while it is so. */
export interface PaceFrame {
  readonly kind: "pace-slow";
  readonly part: SlowPart;
  readonly worst: Millis;
}

const frameShape = z.strictObject({
  kind: z.literal("pace-slow"),
  part: z.enum(["processor", "disk"]),
  worst: z.number().nonnegative().max(day),
});

export function isPaceFrame(json: unknown): boolean {
  return typeof json === "object" && json !== null && "kind" in json && json.kind === "pace-slow";
}

/** From JSON: every member has its shape and its bounds, and there is no other. Never throws. */
export function parsePaceFrame(json: unknown): Result<PaceFrame, string> {
  const parsed = frameShape.safeParse(json);
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues[0]?.message ?? "malformed");
}

export function encodePaceFrame(frame: PaceFrame): Bytes {
  return utf8(JSON.stringify({ ...frame, worst: Math.min(frame.worst, day) }));
}
