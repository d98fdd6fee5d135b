import { ok } from "@gridward/core/base/result";
import { second, type Millis } from "@gridward/core/base/time";
import { stopSignal } from "@gridward/runtime/os/process";
import { outliveTerminal } from "@gridward/runtime/os/program";
import { askLocal } from "../access/ask-local.ts";
import { failed } from "./failure.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** A sign-in may ask every server in turn before the replica. */
const patience: Millis = 60 * second;

/** ied panel DIR: the device's own panel on this terminal (DV11). Who leaves it is signed out. */
export async function panel({ directory, clock, isInteractive }: Asked): Promise<VerbOutcome> {
  if (!isInteractive) return failed("ied.no-terminal");
  outliveTerminal();
  // Only here: what draws takes more memory than the device itself.
  const { runPanel } = await import("../panel/panel-terminal.ts");
  const signedIn = await runPanel({
    ask: async (request) => askLocal(directory, request, patience),
    clock,
    stop: stopSignal(["SIGHUP"]),
  });
  if (signedIn !== null) await askLocal(directory, { verb: "logout", name: signedIn }, second);
  return ok({ data: null, meta: {} });
}
