import { err, ok, type Result } from "../base/result.ts";
import { areaSegmentsMax, nameLengthMax } from "./limits.ts";
import type { Refusal } from "./refusal.ts";

const namePattern = /^[a-z0-9_][a-z0-9._-]*$/;
const displayPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Login and group names: NFC, lower case, so that two that look alike are one. */
export function normaliseName(text: string): string {
  return text.normalize("NFC").trim().toLowerCase();
}

export function parseAccountName(text: string): Result<string, Refusal> {
  return parseName(text, "account.bad-name");
}

export function parseGroupName(text: string): Result<string, Refusal> {
  return parseName(text, "group.bad-name");
}

function parseName(
  text: string,
  code: "account.bad-name" | "group.bad-name",
): Result<string, Refusal> {
  const name = normaliseName(text);
  if (name.length <= nameLengthMax && namePattern.test(name)) return ok(name);
  return err({ code, detail: text.slice(0, nameLengthMax) });
}

/** Names of devices and servers keep their case; they are unique without it. */
export function isProperName(text: string): boolean {
  return text.length <= nameLengthMax && displayPattern.test(text);
}

/** A host name or an IP address, by its looks: whether it answers shows when it is dialled. */
export function isHost(text: string): boolean {
  return /^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/.test(text);
}

/** Free text of at most `lengthMax` characters on one line. */
export function isPlainText(text: string, lengthMax: number): boolean {
  return text.length <= lengthMax && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}

/** "*" or a path such as Station/Bay/IED. */
export function isArea(text: string): boolean {
  if (text === "*") return true;
  const segments = text.split("/");
  return (
    segments.length <= areaSegmentsMax &&
    segments.every(
      (segment) => segment.trim() !== "" && segment !== "*" && isPlainText(segment, nameLengthMax),
    )
  );
}
