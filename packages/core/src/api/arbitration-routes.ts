import * as z from "zod";
import { arbitrationModes } from "../domain/arbitration-mode.ts";
import { changeAnswer, commandQuery, noBody, noParams, type Route } from "./route.ts";

const order = {
  method: "POST",
  params: noParams,
  query: commandQuery,
  access: "operate pair",
} as const;

/** Who may move the duty of Main when a server is silent (HS7). */
export const arbitrationRoutes = {
  pairWitnessAdd: {
    ...order,
    path: "/v1/pair/witness",
    summary: "Let the witness that a code names remember who is Main",
    body: z.strictObject({ code: z.string().min(1).max(1_024), allow_same_host: z.boolean() }),
    answer: z.object({ ...changeAnswer.shape, address: z.string().nullable() }),
  },
  pairWitnessRemove: {
    ...order,
    method: "DELETE",
    path: "/v1/pair/witness",
    summary: "Take the witness out of the system",
    body: noBody,
    answer: changeAnswer,
  },
  pairMode: {
    ...order,
    path: "/v1/pair/mode",
    summary: "Choose who moves the duty of Main when a server is silent",
    body: z.strictObject({ mode: z.enum(arbitrationModes) }),
    answer: z.object({ mode: z.enum(arbitrationModes), ms: z.number(), dry_run: z.boolean() }),
  },
} as const satisfies Record<string, Route>;
