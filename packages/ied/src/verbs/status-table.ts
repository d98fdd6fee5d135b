import * as z from "zod";
import type { Json } from "@gridward/core/base/canonical";
import { iconText } from "@gridward/core/domain/glyph";
import { type Badge, iconOf } from "@gridward/core/domain/pair/states";
import { isList } from "@gridward/runtime/os/render";

const shape = z.looseObject({
  servers: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      cause: z.string().nullable(),
      cost: z.number(),
    }),
  ),
});

type Line = z.output<typeof shape>["servers"][number];

/** A status as a person reads it: one line for each server, with the icons of HS13. */
export function statusTable(status: Json): Json {
  const parsed = shape.safeParse(status);
  const isRecord = typeof status === "object" && status !== null && !isList(status);
  if (!parsed.success || !isRecord) return status;
  const lines = parsed.data.servers.map((each) => [`server ${each.name}`, lineOf(each)] as const);
  const { servers: _, ...others } = status;
  return { ...Object.fromEntries(lines), ...others };
}

function lineOf({ state, cause, cost }: Line): string {
  const icon = iconText(iconOf({ mark: markOf({ state, cause }), word: state }));
  return `${icon}${cause === null ? "" : `: ${cause}`} (cost ${cost})`;
}

/** Somebody refused a certificate: it does not mend itself, as an outage may. T17: not reached. */
function markOf({ state, cause }: Pick<Line, "state" | "cause">): Badge["mark"] {
  if (state === "Online") return "good";
  if (state === "Not configured") return "off";
  return /^T(?!17)\d\d\b/.test(cause ?? "") ? "investigate" : "act";
}
