import { ok, type Result } from "@gridward/core/base/result";
import type { LinkServer } from "@gridward/runtime/link/serve";
import type { Clock } from "@gridward/runtime/os/clock";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { errorCode } from "@gridward/runtime/os/files";
import { openChangeLog } from "../change-log.ts";
import { Register } from "../register.ts";
import { Roster } from "../roster.ts";
import { serveWitness, type ServeParts } from "../serve-witness.ts";
import { readWitnessDirectory, type WitnessPlace } from "../witness-directory.ts";
import { failed, refused, type VerbFailure } from "./failure.ts";
import { warningsOf } from "./status.ts";

export interface RunParts {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly note: (text: string) => void;
  /** The port is open. */
  readonly ready: (ports: { readonly witness: number }) => void;
}

/** witness run DIR: the witness until it is stopped. */
export async function run(
  directory: string,
  parts: RunParts,
): Promise<Result<undefined, VerbFailure>> {
  const place = readWitnessDirectory(directory);
  if (!place.ok) return refused(place.error);
  const lock = lockDirectory(directory);
  if (!lock.ok) return failed("witness.already-running", `process ${lock.error.pid ?? "unknown"}`);
  try {
    return await runLocked(place.value, parts);
  } finally {
    lock.value.release();
  }
}

async function runLocked(
  place: WitnessPlace,
  { clock, stop, note, ready }: RunParts,
): Promise<Result<undefined, VerbFailure>> {
  const { paths } = place;
  const now = (): number => clock.now();
  const roster = new Roster(paths.servers);
  const onChange = openChangeLog({ path: paths.events, roster, now, note });
  const opened = Register.open(paths.directory, onChange);
  if (!opened.ok) return failed("witness.unsupported", paths.directory);
  for (const warning of warningsOf(opened.value)) note(warning);
  const { register } = opened.value;
  const ended = Promise.withResolvers<Result<undefined, VerbFailure>>();
  const onFailure = (error: unknown): void => {
    ended.resolve(failed("witness.disk", String(error)));
  };
  const serving = await listen({ place, register, roster, clock, now, note, onFailure });
  if (!serving.ok) return serving;
  stop.addEventListener("abort", () => ended.resolve(ok(undefined)));
  if (stop.aborted) ended.resolve(ok(undefined));
  ready({ witness: serving.value.port });
  const outcome = await ended.promise;
  await serving.value.close();
  return outcome;
}

async function listen(parts: ServeParts): Promise<Result<LinkServer, VerbFailure>> {
  try {
    return ok(await serveWitness(parts));
  } catch (error) {
    const { listen: address, port } = parts.place.config;
    switch (errorCode(error)) {
      case "EADDRINUSE":
        return refused({ code: "config.port-in-use", detail: `witness ${port}` });
      case "EACCES":
        return refused({ code: "config.port-not-allowed", detail: `witness ${port}` });
      case "EADDRNOTAVAIL":
      case "ENOTFOUND": {
        const detail = `listen: ${address} is no address of this machine`;
        return refused({ code: "config.bad-value", detail });
      }
      default:
        throw error;
    }
  }
}
