import { examine } from "@gridward/runtime/journal/doctor";
import { processTerminal } from "@gridward/runtime/os/output";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import { readServerDirectory, serverPaths } from "@gridward/runtime/trust/server-directory";
import { secretsOf } from "./secrets-of.ts";

// `gridward doctor DIR` asks this program and shows what it found.
const [directory = "."] = thisProgram().words;
const found = readServerDirectory(directory);
const answer = found.ok
  ? examine({ directory, systemKeyPath: serverPaths(directory).systemKey, secretsOf })
  : { refused: found.error };
processTerminal().data(`${JSON.stringify(answer)}\n`);
endWith(found.ok ? 0 : 1);
