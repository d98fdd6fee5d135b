import { exitCode } from "@gridward/core/api/exit-code";
import { systemClock } from "@gridward/runtime/os/clock";
import { defectFailure, processTerminal, showOutcome } from "@gridward/runtime/os/output";
import { stopSignal } from "@gridward/runtime/os/process";
import { endInterrupted, endWith, onInterrupt, thisProgram } from "@gridward/runtime/os/program";
import { athstat, check, login, logout, set } from "./verbs/ask.ts";
import { certificates } from "./verbs/certificates.ts";
import { failed } from "./verbs/failure.ts";
import { init } from "./verbs/init.ts";
import { renew } from "./verbs/renew.ts";
import { run } from "./verbs/run.ts";
import { status, wait } from "./verbs/status.ts";
import { readCommandLine, type Asked, type VerbOutcome } from "./verbs/verb.ts";

const help = `gridward ied: the authority of one device

  init DIR --package FILE [--https N]     make the key here and enrol with a device package
  renew DIR [--package FILE]              a new certificate now; with a package where it has ended
  run DIR                                 run the device until it is stopped
  status DIR                              servers, replica, ATHSTAT
  wait DIR --state S[,S] [--timeout N]    online all-online offline replica-good replica-failed
                                          invalid-certificate not-replicated user-blocked logged-on logged-off
  login DIR USER [--password-file F|-]    sign in at the device
  logout DIR [USER]                       end one session, or all
  check DIR USER RIGHT [OBJECT]           may this be done now? exit 0 yes, 7 no
  athstat DIR                             USRBLKED and LOGGEDON
  certificates DIR                        the device's own certificate, and whom it believes
  set DIR replica-interval=MINUTES        1 to 1440
  set DIR revocation=soft|hard            hard: no server is believed without a current list
  set DIR cost=A=1,B=6                    which server is asked first: the lowest of 1 to 99; 6 unless set

  -o table|json|jsonl|csv|yaml   --timeout SECONDS   -q
`;

const verbs: ReadonlyMap<string, (asked: Asked) => Promise<VerbOutcome>> = new Map([
  ["init", init],
  ["status", status],
  ["wait", wait],
  ["login", login],
  ["logout", logout],
  ["check", check],
  ["athstat", athstat],
  ["certificates", certificates],
  ["set", set],
  ["renew", renew],
]);

await main();

async function main(): Promise<void> {
  const terminal = processTerminal();
  const program = thisProgram();
  // The launcher hands over all words; the first of them is the program's own name.
  const words = program.words[0] === "ied" ? program.words.slice(1) : program.words;
  const clock = systemClock();
  const line = readCommandLine(words, { clock, isInteractive: program.isInteractive });
  if (line === "help") {
    terminal.data(help);
    return endWith(exitCode.done);
  }
  const choice = line.ok
    ? { format: line.value.asked.output, quiet: line.value.asked.quiet }
    : ({ format: "table", quiet: false } as const);
  const outcome = line.ok ? await carryOut(line.value.verb, line.value.asked) : line;
  if (outcome === "stopped") return endWith(exitCode.done);
  if (!outcome.ok) return endWith(showOutcome({ ok: false, ...outcome.error }, choice, terminal));
  const { warnings = [], ...done } = outcome.value;
  if (!choice.quiet) for (const warning of warnings) terminal.talk(`${warning}\n`);
  endWith(showOutcome({ ok: true, ...done }, choice, terminal));
}

async function carryOut(verb: string, asked: Asked): Promise<VerbOutcome | "stopped"> {
  try {
    if (verb === "run") return await runUntilStopped(asked);
    onInterrupt(endInterrupted);
    const carry = verbs.get(verb);
    return carry === undefined ? failed("ied.wrong-use", verb) : await carry(asked);
  } catch (error) {
    return { ok: false, error: { error: defectFailure(error), exit: exitCode.fault } };
  }
}

/** The one line on stdout tells whoever started us that all listeners are open (design §10). */
async function runUntilStopped(asked: Asked): Promise<VerbOutcome | "stopped"> {
  const ended = await run(asked.directory, {
    clock: asked.clock,
    stop: stopSignal(),
    ready: (ports) => {
      process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, ports })}\n`);
    },
  });
  return ended.ok ? "stopped" : ended;
}
