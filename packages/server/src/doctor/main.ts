import { resolve } from "node:path";
import { examine, type DoctorReport } from "@gridward/runtime/journal/doctor";
import { processTerminal } from "@gridward/runtime/os/output";
import { systemClock } from "@gridward/runtime/os/clock";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import {
  readServerDirectory,
  type ServerIdentity,
  serverPaths,
} from "@gridward/runtime/trust/server-directory";
import { listBackups } from "../backup/backup-directory.ts";
import { examineBackups } from "../backup/examine-backups.ts";
import { examineCertificates } from "../repair/certificate-ends.ts";
import { examineTails } from "../set-aside/examine-tails.ts";
import { secretsOf } from "./secrets-of.ts";

// `gridward doctor DIR` asks this program and shows what it found.
const [directory = "."] = thisProgram().words;
const found = readServerDirectory(directory);
const answer = found.ok ? await report(found.value) : { refused: found.error };
processTerminal().data(`${JSON.stringify(answer)}\n`);
endWith(found.ok ? 0 : 1);

async function report(server: ServerIdentity): Promise<DoctorReport> {
  const { pairingKey, config } = server;
  const { systemKey: systemKeyPath } = serverPaths(directory);
  const { findings } = examine({ directory, systemKeyPath, secretsOf });
  const place = resolve(directory, config.backup.directory);
  const now = systemClock().now();
  const order = { place, every: config.backup.every, now };
  const backup = examineBackups(await listBackups(place), order);
  const certificates = examineCertificates(server, directory, now);
  const all = [...findings, certificates, ...examineTails(directory, pairingKey), backup];
  return { ok: all.every(({ ok }) => ok), findings: all };
}
