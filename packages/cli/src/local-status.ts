import { fileURLToPath } from "node:url";
import * as z from "zod";
import { localRoutes } from "@gridward/core/api/local-routes";
import { serverStatus } from "@gridward/core/api/server-status-schema";
import { err, ok } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import { isRefusalCode } from "@gridward/core/domain/refusal";
import { runToEnd } from "@gridward/runtime/os/program";
import { callRoute } from "./api-client.ts";
import { localTarget, type Outcome } from "./cli.ts";
import { clientFailure, refusalFailure } from "./failure.ts";
import { shown } from "./order.ts";

/** The program that reads the control record of a server that does not run. */
const stoppedStatus = fileURLToPath(new URL("../../server/src/stopped/main.ts", import.meta.url));

const stoppedAnswer = z.union([
  z.object({ status: serverStatus }),
  z.object({ refused: z.object({ code: z.string(), detail: z.string() }) }),
]);

/** Of the running server over its socket, else what its control record says: `stopped`. */
export async function localStatus(directory: string, timeout: Millis): Promise<Outcome> {
  const input = { params: {}, query: {}, body: null };
  const target = localTarget(directory);
  const answered = await callRoute(target, localRoutes.localStatus, input, timeout);
  if (answered.ok || answered.error.error.code !== "config.not-running") return shown(answered);
  const ended = runToEnd(stoppedStatus, [directory]);
  const read = stoppedAnswer.safeParse(parseJson(ended.data));
  if (!read.success) return err(clientFailure("client.not-ours", `exit ${ended.exit}`));
  if ("status" in read.data) {
    const { name, duty, version } = read.data.status;
    return ok({ data: read.data.status, meta: { server: name, duty, version } });
  }
  const { code, detail } = read.data.refused;
  return err(
    isRefusalCode(code)
      ? refusalFailure({ code, detail })
      : clientFailure("client.not-ours", `${code} ${detail}`),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
