import { err, ok, type Result } from "@gridward/core/base/result";
import { normaliseName } from "@gridward/core/domain/names";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow, DeviceRow, GroupRow } from "@gridward/core/domain/types";

/** Rows by the names that people use. */
export function findAccount(state: DirectoryState, name: string): Result<AccountRow, Refusal> {
  const id = state.accountsByName.get(normaliseName(name));
  const account = id === undefined ? undefined : state.tables.accounts.get(id);
  return account === undefined ? err({ code: "account.not-found", detail: name }) : ok(account);
}

export function findGroup(state: DirectoryState, name: string): Result<GroupRow, Refusal> {
  const wanted = normaliseName(name);
  for (const group of state.tables.groups.values()) if (group.name === wanted) return ok(group);
  return err({ code: "group.not-found", detail: name });
}

export function findDevice(state: DirectoryState, name: string): Result<DeviceRow, Refusal> {
  const wanted = name.toLowerCase();
  for (const device of state.tables.devices.values()) {
    if (device.name.toLowerCase() === wanted) return ok(device);
  }
  return err({ code: "device.not-found", detail: name });
}
