import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { Millis } from "@gridward/core/base/time";

/**
 * HS20: what to do where no database is, or none that can be used: the whole way, step by step,
 * each step a command. Undefined where the state's own remedy says all.
 */
export function nextSteps(
  pair: PairState,
  at: Millis,
  directory: string,
  isPermanent = false,
): string | undefined {
  const { machine, control } = pair;
  if (machine.duty !== "none") return undefined;
  if (machine.phase === "blank") {
    // One that was never part of a system is told how to become it by its own remedy.
    return control.systemId === null ? undefined : steps([waitForMain]);
  }
  if (machine.phase !== "invalid" || speakForThemselves.has(machine.code)) return undefined;
  const stop = "stop this server";
  const resync = `\`gridward pair resync --local ${directory}\``;
  const run = `\`gridward server run ${directory}\``;
  if (hearsMain(pair, at)) {
    return `The Main answers and has the whole database: ${steps([stop, resync, run])}.`;
  }
  const restore = `\`gridward backup restore FILE --into ${directory} --key-file KEYFILE\``;
  const others =
    "on each other server `gridward pair resync --local DIR` (its DIR) and `gridward server run DIR`";
  // A permanent Standby can be no Main, not of a restored system either (HS14).
  const lastWay = isPermanent
    ? "restore a backup on a server that may be Main"
    : `restore a backup here: ${steps([stop, restore, run, others])}`;
  return (
    "No Main answers. First start the other servers: one whose database is sound becomes Main, " +
    "by itself or by `gridward pair promote --local DIR` there, and then this one gets all from it: " +
    `${steps([stop, resync, run])}. If none is sound, ${lastWay}.`
  );
}

/** No copy helps a server that was removed; what a newer version wrote needs none. */
const speakForThemselves: ReadonlySet<string> = new Set(["pair.removed", "journal.unsupported"]);

const waitForMain =
  "start the Main, or `gridward pair promote --local DIR` on a valid Standby: " +
  "this server then gets the whole database by itself";

function steps(list: readonly string[]): string {
  if (list.length === 1) return list.join("");
  return list.map((step, index) => `${index + 1}. ${step}`).join("; ");
}

function hearsMain({ peers, timers }: PairState, at: Millis): boolean {
  return [...peers.values()].some(
    ({ linkUp, heardAt, duty }) =>
      linkUp &&
      heardAt !== null &&
      at - heardAt <= timers.giveUp &&
      (duty === "main" || duty === "lone"),
  );
}
