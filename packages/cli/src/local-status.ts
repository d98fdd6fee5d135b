import * as z from "zod";
import { localRoutes } from "@gridward/core/api/local-routes";
import { serverStatus } from "@gridward/core/api/server-status-schema";
import type { Json } from "@gridward/core/base/canonical";
import { ok, type Result } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import { callRoute, type Answered } from "./api-client.ts";
import { localTarget, type Outcome } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";
import { statusPaint, statusTable } from "./status-table.ts";
import { askServerProgram } from "./server-program.ts";

/** Of the running server over its socket, else what its control record says: `stopped`. */
export async function localStatus(directory: string, timeout: Millis): Promise<Outcome> {
  const input = { params: {}, query: {}, body: null };
  const target = localTarget(directory);
  const answered = await callRoute(target, localRoutes.localStatus, input, {
    timeout,
    dryRun: false,
  });
  if (answered.ok) return shownStatus(answered);
  if (answered.error.error.code !== "config.not-running") return answered;
  const stopped = askServerProgram("stopped", directory, z.object({ status: serverStatus }));
  if (!stopped.ok) return stopped;
  const { status } = stopped.value;
  const { name, duty, version } = status;
  return ok({
    data: status,
    table: statusTable(status),
    paint: statusPaint(status),
    meta: { server: name, duty, version },
  });
}

/** The standing of a server, for people first what is the matter. */
export function shownStatus(
  answered: Result<Answered<Parameters<typeof statusTable>[0] & Json>, CommandFailure>,
): Outcome {
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  return ok({ data, table: statusTable(data), paint: statusPaint(data), meta });
}
