import * as z from "zod";
import { err } from "@gridward/core/base/result";
import { second, type Millis } from "@gridward/core/base/time";
import { talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { clientFailure } from "./failure.ts";
import { localStatus } from "./local-status.ts";

const pollEvery: Millis = 100;
const talkEvery: Millis = second;
/** One look at the server must not eat the whole time. */
const lookTimeout: Millis = 5 * second;

const seen = z.object({
  state: z.string(),
  progress: z
    .object({
      phase: z.string(),
      bytes_done: z.number(),
      bytes_total: z.number().nullable(),
      entries_behind: z.number(),
      bytes_per_s: z.number(),
      eta_s: z.number().nullable(),
    })
    .nullable(),
});

type Seen = z.infer<typeof seen>;

/** Polls until the server is in one of the states; a first pass meanwhile is told on stderr. */
export async function waitForState(
  { cli, asked }: { readonly cli: Cli; readonly asked: Asked },
  directory: string,
  states: readonly string[],
): Promise<Outcome> {
  const { clock } = cli;
  const begun = clock.monotonic();
  const tell = progressTeller(cli, asked);
  for (;;) {
    const status = await localStatus(directory, lookTimeout);
    const found = status.ok ? seen.parse(status.value.data) : undefined;
    if (found !== undefined && states.includes(found.state)) return status;
    if (!status.ok && !mayPass(status.error.error.code)) return status;
    if (clock.monotonic() - begun >= asked.timeout) {
      return err(clientFailure("client.wait-over", found?.state ?? "no answer"));
    }
    if (found !== undefined) tell(progressLine(found));
    await clock.sleep(pollEvery);
  }
}

/** At most one line a second, and only when it says something new. */
function progressTeller(cli: Cli, asked: Asked): (line: string) => void {
  let told = { line: "", at: -talkEvery };
  return (line) => {
    const now = cli.clock.monotonic();
    if (line === told.line || now - told.at < talkEvery) return;
    talk(cli, asked, line);
    told = { line, at: now };
  };
}

/** A server that is starting or restarting may not answer for a moment. */
function mayPass(code: string): boolean {
  return ["config.not-running", "client.timed-out", "server.stopping"].includes(code);
}

function progressLine({ state, progress }: Seen): string {
  if (progress === null) return state;
  const { phase, bytes_done: done, bytes_total: total, entries_behind: behind } = progress;
  if (phase === "catch up") return `${state}: ${behind} entries behind`;
  const share = total === null || total === 0 ? "" : ` ${Math.floor((100 * done) / total)} %`;
  const rate = `${megabytes(progress.bytes_per_s)}/s`;
  const left = progress.eta_s === null ? "" : `, ${Math.ceil(progress.eta_s)} s left`;
  return `${state}: ${phase}${share}, ${megabytes(done)}, ${rate}${left}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
