import type { WantedRole } from "@gridward/core/api/account-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { parseMoment, parseRoleText } from "@gridward/core/codec/account-file/role-text";
import { failed, type CommandFailure } from "./failure.ts";

export const roleHelp =
  "role, ROLE@AREA where it shall not hold everywhere, ROLE@AREA,from=DAY,until=DAY where it has dates; may be repeated";

/** When roles begin and end, for all that have no dates of their own. */
export interface ValidityOptions {
  readonly validFrom?: string;
  readonly validUntil?: string;
}

/** `OPERATOR@Hill/Q01,until=2026-12-31`, each with the dates of the options where it has none. */
export function wantedRoles(
  texts: readonly string[],
  options: ValidityOptions = {},
): Result<WantedRole[], CommandFailure> {
  const validity = readValidity(options);
  if (!validity.ok) return validity;
  const { valid_from: from, valid_until: until } = validity.value;
  const roles: WantedRole[] = [];
  for (const text of texts) {
    const role = parseRoleText(text);
    if (!role.ok) return failed("client.wrong-use", `--role ${text}: ${role.error}`);
    roles.push({
      ...(typeof from === "string" ? { not_before: from } : {}),
      ...(typeof until === "string" ? { not_after: until } : {}),
      ...role.value,
    });
  }
  return ok(roles);
}

/** RFC 3339, a day alone, or "none" for no date. */
export function readValidity({
  validFrom,
  validUntil,
}: ValidityOptions): Result<
  { readonly valid_from?: string | null; readonly valid_until?: string | null },
  CommandFailure
> {
  const from = readMoment(validFrom, "from");
  if (!from.ok) return failed("client.wrong-use", `--valid-from: ${from.error}`);
  const until = readMoment(validUntil, "until");
  if (!until.ok) return failed("client.wrong-use", `--valid-until: ${until.error}`);
  return ok({
    ...(from.value === undefined ? {} : { valid_from: from.value }),
    ...(until.value === undefined ? {} : { valid_until: until.value }),
  });
}

function readMoment(
  text: string | undefined,
  end: "from" | "until",
): Result<string | null | undefined, string> {
  if (text === undefined) return ok(undefined);
  return text === "none" ? ok(null) : parseMoment(text, end);
}
