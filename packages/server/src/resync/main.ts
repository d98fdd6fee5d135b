import { resolve } from "node:path";
import { systemClock } from "@gridward/runtime/os/clock";
import { processTerminal } from "@gridward/runtime/os/output";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import { resync } from "./resync.ts";

// `gridward pair resync --local DIR` asks this program, with the server stopped.
const [directory = "."] = thisProgram().words;
const done = resync(resolve(directory), systemClock().now());
const said = done.ok ? { done: done.value } : { refused: done.error };
processTerminal().data(`${JSON.stringify(said)}\n`);
endWith(done.ok ? 0 : 1);
