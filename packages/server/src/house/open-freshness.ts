import { machineUptime } from "@gridward/runtime/os/uptime";
import { Freshness } from "../freshness.ts";
import type { Basis } from "./basis.ts";

/** The age of the accounts goes with every record that is written. */
export function openFreshness({ database, clock }: Pick<Basis, "database" | "clock">): Freshness {
  const { control } = database;
  const freshness = new Freshness({
    clock,
    uptime: machineUptime,
    kept: control.record.age,
    keep: () => control.write(control.record),
  });
  control.carryAge(() => freshness.mark());
  return freshness;
}
