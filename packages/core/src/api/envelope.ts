import * as z from "zod";

/** Who answered: stands in every answer of a server. */
export const answerMeta = z.object({
  server: z.string(),
  duty: z.enum(["main", "standby", "lone", "fenced", "none"]),
  version: z.string(),
});

export const apiError = z.object({
  /** A code of the refusal table. Codes are those of console, CLI and log. */
  code: z.string(),
  message: z.string(),
  /** The field, parameter or thing that was refused, where one can be named. */
  where: z.string().nullable(),
  /** What to do now; an address in it may be followed by a program. */
  next: z.array(z.string()).readonly(),
  /** Finds the refusal in the log of the server. */
  id: z.string().nullable(),
});

export const failureEnvelope = z.object({ ok: z.literal(false), error: apiError });

const answerEnvelope = z.object({
  ok: z.literal(true),
  data: z.unknown(),
  meta: answerMeta,
});

/** What a client reads: anything else did not come from a server of ours. */
export const envelope = z.discriminatedUnion("ok", [answerEnvelope, failureEnvelope]);

export type AnswerMeta = z.infer<typeof answerMeta>;
export type ApiError = z.infer<typeof apiError>;
