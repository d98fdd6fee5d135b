import { exitCode } from "@gridward/core/api/exit-code";
import { systemClock } from "@gridward/runtime/os/clock";
import { defectFailure, processTerminal, showOutcome } from "@gridward/runtime/os/output";
import { stopSignal } from "@gridward/runtime/os/process";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import { failed } from "./verbs/failure.ts";
import { run } from "./verbs/run.ts";
import { status } from "./verbs/status.ts";
import { readCommandLine, type Asked, type VerbOutcome } from "./verbs/verb.ts";

const help = `gridward witness: the third machine that remembers who is Main

  init DIR [--port N] [--listen ADDR]     make its keys; prints the code for \`pair witness add\`
           [--address HOST]               how the servers reach it, if not by --listen
  run DIR                                 run the witness until it is stopped
  status DIR                              what it remembers, running or not
  code DIR                                a new code; the one before is void

  -o table|json|jsonl|csv|yaml   -q
`;

await main();

async function main(): Promise<void> {
  const terminal = processTerminal();
  const { words } = thisProgram();
  // The launcher hands over all words; the first of them is the program's own name.
  const own = words[0] === "witness" ? words.slice(1) : words;
  const line = readCommandLine(own, systemClock());
  if (line === "help") {
    terminal.data(help);
    return endWith(exitCode.done);
  }
  const choice = line.ok
    ? { format: line.value.asked.output, quiet: line.value.asked.quiet }
    : ({ format: "table", quiet: false } as const);
  const outcome = line.ok ? await carryOut(line.value.verb, line.value.asked) : line;
  // What is left are sockets of peers that have not noticed yet.
  if (outcome === "stopped") return process.exit(exitCode.done);
  if (!outcome.ok) {
    endWith(showOutcome({ ok: false, ...outcome.error }, choice, terminal));
    if (line.ok && line.value.verb === "run") process.exit();
    return;
  }
  const { data, warnings } = outcome.value;
  if (!choice.quiet) for (const warning of warnings) terminal.talk(`${warning}\n`);
  endWith(showOutcome({ ok: true, data, meta: null }, choice, terminal));
}

async function carryOut(verb: string, asked: Asked): Promise<VerbOutcome | "stopped"> {
  try {
    switch (verb) {
      case "run":
        return await runUntilStopped(asked);
      case "status":
        return status(asked);
      case "init":
      case "code": {
        // Loaded only here: building a certificate takes more code than all the rest.
        const making = await import("./verbs/init.ts");
        return making[verb](asked);
      }
      default:
        return failed("witness.wrong-use", verb);
    }
  } catch (error) {
    return { ok: false, error: { error: defectFailure(error), exit: exitCode.fault } };
  }
}

/** The one line on stdout tells whoever started us that the port is open (design §10). */
async function runUntilStopped({ directory, clock }: Asked): Promise<VerbOutcome | "stopped"> {
  const ended = await run(directory, {
    clock,
    stop: stopSignal(),
    note: (text) => process.stderr.write(`${JSON.stringify({ time: clock.now(), msg: text })}\n`),
    ready: (ports) => {
      process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, ports })}\n`);
    },
  });
  return ended.ok ? "stopped" : ended;
}
