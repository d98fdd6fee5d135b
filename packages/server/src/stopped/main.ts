import { systemClock } from "@gridward/runtime/os/clock";
import { directoryOwner } from "@gridward/runtime/os/directory-lock";
import { writtenAt } from "@gridward/runtime/os/file-time";
import { processTerminal } from "@gridward/runtime/os/output";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import { join } from "node:path";
import { readStoppedStatus } from "./stopped-status.ts";

// `gridward server status DIR` asks this program when no server answers on the directory's socket.
const [directory = "."] = thisProgram().words;
const since = Math.max(
  ...["control.a", "control.b", "server.toml"].map((name) => writtenAt(join(directory, name)) ?? 0),
);
const at = Math.min(since, systemClock().now());
const status = readStoppedStatus(directory, at, directoryOwner(directory));
const answer = status.ok ? { status: status.value } : { refused: status.error };
processTerminal().data(`${JSON.stringify(answer)}\n`);
endWith(status.ok ? 0 : 1);
