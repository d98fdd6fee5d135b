import type { KeyObject } from "node:crypto";
import { examine, type DoctorReport } from "@gridward/runtime/journal/doctor";
import { processTerminal } from "@gridward/runtime/os/output";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import { readServerDirectory, serverPaths } from "@gridward/runtime/trust/server-directory";
import { examineTails } from "../set-aside/examine-tails.ts";
import { secretsOf } from "./secrets-of.ts";

// `gridward doctor DIR` asks this program and shows what it found.
const [directory = "."] = thisProgram().words;
const found = readServerDirectory(directory);
const answer = found.ok ? report(found.value.pairingKey) : { refused: found.error };
processTerminal().data(`${JSON.stringify(answer)}\n`);
endWith(found.ok ? 0 : 1);

function report(pairingKey: KeyObject): DoctorReport {
  const { systemKey: systemKeyPath } = serverPaths(directory);
  const { findings } = examine({ directory, systemKeyPath, secretsOf });
  const all = [...findings, ...examineTails(directory, pairingKey)];
  return { ok: all.every(({ ok }) => ok), findings: all };
}
