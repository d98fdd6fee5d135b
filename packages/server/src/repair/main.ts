import { resolve } from "node:path";
import { z } from "zod";
import { systemClock } from "@gridward/runtime/os/clock";
import { processTerminal } from "@gridward/runtime/os/output";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import { accountText, systemAccount } from "@gridward/runtime/os/system-account";
import { repair } from "./repair.ts";

// `gridward doctor DIR --repair` asks this program, with the server stopped: in one JSON word.
const orderShape = z.strictObject({ directory: z.string(), isTry: z.boolean() });
const { directory, isTry } = orderShape.parse(JSON.parse(thisProgram().words[0] ?? "null"));
const user = accountText(systemAccount());
const done = repair({ directory: resolve(directory), isTry, user, now: systemClock().now() });
const said = done.ok ? { done: done.value } : { refused: done.error };
processTerminal().data(`${JSON.stringify(said)}\n`);
endWith(done.ok ? 0 : 1);
