import { resolve } from "node:path";
import { pino } from "pino";
import { err, ok, type Result } from "@gridward/core/base/result";
import { type Refusal, refusalSpec, refuse } from "@gridward/core/domain/refusal";
import { systemClock } from "@gridward/runtime/os/clock";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { stopSignal } from "@gridward/runtime/os/process";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import { accountText, systemAccount } from "@gridward/runtime/os/system-account";
import { openSystemdLine } from "@gridward/runtime/os/systemd-line";
import { readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { buildHouse, type House } from "./compose.ts";
import { listen, type Listening } from "./listen.ts";
import { readRemoval } from "./pair/removal.ts";

/** `gridward server run DIR`: opens everything, says so in one line, and stops in order. */
const log = pino({ base: null }, pino.destination({ fd: 2, sync: true }));
const program = thisProgram();
const stop = stopSignal();
const systemd = openSystemdLine(process.env);
const [, , directory = "."] = program.words;

const running = await start(resolve(directory));
if (running.ok) {
  const { house, doors } = running.value;
  process.stdout.write(
    `${JSON.stringify({ ready: true, pid: process.pid, ports: doors.ports })}\n`,
  );
  systemd.ready();
  await untilStopped();
  systemd.stopping();
  await doors.close();
  house.close();
  running.value.release();
  // What is left is only timers and sockets of peers that have not noticed yet.
  process.exit(0);
} else {
  const { code, detail } = running.error;
  const { says, remedy, exit } = refusalSpec(code);
  process.stderr.write(`${says} (${detail})\n${remedy} [${code}]\n`);
  endWith(exit);
}

interface Running {
  readonly house: House;
  readonly doors: Listening;
  readonly release: () => void;
}

async function start(path: string): Promise<Result<Running, Refusal>> {
  const found = readServerDirectory(path);
  if (!found.ok) return found;
  const lock = lockDirectory(path);
  if (!lock.ok) return refuse("config.already-running", `process ${lock.error.pid ?? "unknown"}`);
  const open: { doors?: Listening } = {};
  const note = (text: string): void => log.info(text);
  const house = buildHouse({
    directory: path,
    found: found.value,
    clock: systemClock(),
    pid: process.pid,
    note,
    stop,
    tick: () => systemd.alive(),
    onIdentity: () => open.doors?.refresh(),
  });
  if (!house.ok) return end(house.error);
  const { config } = found.value;
  // Who comes to the socket is whom the directory belongs to, whoever started this program.
  const user = accountText({ ...systemAccount(), sudoUid: undefined });
  const order = { directory: path, config, house: house.value, user, note, stop };
  const listening = await listen(order);
  if (!listening.ok) {
    house.value.close();
    return end(listening.error);
  }
  open.doors = listening.value;
  if (readRemoval(path) === null) dialPartners(house.value);
  return ok({ house: house.value, doors: listening.value, release: () => lock.value.release() });

  function end(refusal: Refusal): Result<never, Refusal> {
    if (lock.ok) lock.value.release();
    return err(refusal);
  }
}

/** Those of its database; while there is none, those that it was told of. */
function dialPartners({ pair, known, identity }: House): void {
  pair.findPartners();
  if (pair.conductor.state.tables.servers.size > 0) return;
  pair.wire.setPartners(known.rows.map(({ id }) => id).filter((id) => id !== identity.node));
}

async function untilStopped(): Promise<void> {
  if (stop.aborted) return;
  await new Promise((done) => stop.addEventListener("abort", done, { once: true }));
}
