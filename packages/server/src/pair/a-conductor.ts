import { requestId } from "@gridward/core/base/identity";
import { serverA } from "@gridward/core/domain/pair/fixtures";
import { sha256 } from "@gridward/runtime/os/hash";
import { Ledger } from "../ledger.ts";
import type { ConductorParts } from "./conductor.ts";

/** For tests: what surrounds a conductor, and does nothing but what `changes` say. */
export function conductorParts(changes: Partial<ConductorParts> = {}): ConductorParts {
  let made = 0;
  return {
    self: serverA,
    name: "A",
    clock: { now: () => 0, monotonic: () => 0, sleep: async () => undefined },
    freshRequestId: () => requestId(`own ${made++}`),
    askArbiter: () => undefined,
    writeControl: () => undefined,
    openLedger: (opened) => new Ledger(opened, sha256),
    reopen: () => {
      throw new Error("not cut here");
    },
    keepOnly: () => undefined,
    exportTail: () => undefined,
    send: () => undefined,
    sendFirstPass: async () => undefined,
    onCommitted: () => undefined,
    onAbandoned: () => undefined,
    soon: (work) => work(),
    onSettled: () => undefined,
    ...changes,
  };
}
