import * as z from "zod";
import { localRoutes } from "@gridward/core/api/local-routes";
import { serverStatus } from "@gridward/core/api/server-status-schema";
import { ok } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import { callRoute } from "./api-client.ts";
import { localTarget, type Outcome } from "./cli.ts";
import { shown } from "./order.ts";
import { askServerProgram } from "./server-program.ts";

/** Of the running server over its socket, else what its control record says: `stopped`. */
export async function localStatus(directory: string, timeout: Millis): Promise<Outcome> {
  const input = { params: {}, query: {}, body: null };
  const target = localTarget(directory);
  const answered = await callRoute(target, localRoutes.localStatus, input, timeout);
  if (answered.ok || answered.error.error.code !== "config.not-running") return shown(answered);
  const stopped = askServerProgram("stopped", directory, z.object({ status: serverStatus }));
  if (!stopped.ok) return stopped;
  const { status } = stopped.value;
  const { name, duty, version } = status;
  return ok({ data: status, meta: { server: name, duty, version } });
}
