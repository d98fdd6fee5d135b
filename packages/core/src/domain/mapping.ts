import type { AccountId } from "../base/identity.ts";
import { ok, type Result } from "../base/result.ts";
import { isPlainText } from "./names.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { DirectoryState } from "./state.ts";
import type { MappingRow } from "./types.ts";

/** What the judge of certificates found good: the peer holds its key. */
export interface ClientCertificate {
  /** SHA-256 over its DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Its alternative names as keys of mappings: `email:anna@example.org`. */
  readonly names: readonly string[];
}

const keyLengthMax = 512;

const namePatterns: ReadonlyMap<string, RegExp> = new Map([
  ["email", /^[^@\s]+@[^@\s]+$/],
  ["dns", /^[A-Za-z0-9.-]+$/],
  ["uri", /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/],
]);

/**
 * What somebody typed as the key of a mapping, in the one form in which it is compared. Mail
 * addresses and host names are compared without case, URIs exactly.
 */
export function parseMappingKey(text: string): Result<string, Refusal> {
  const at = text.indexOf(":");
  const kind = text.slice(0, Math.max(0, at)).trim().toLowerCase();
  const value = text.slice(at + 1).trim();
  const isSound = value !== "" && text.length <= keyLengthMax && isPlainText(value, keyLengthMax);
  const fingerprint = value.replaceAll(/[\s:]/g, "").toLowerCase();
  if (kind === "sha256" && /^[0-9a-f]{64}$/.test(fingerprint)) return ok(`sha256:${fingerprint}`);
  const isName = namePatterns.get(kind)?.test(value) === true;
  if (!isSound || !isName) return refuse("mapping.bad-key", text.slice(0, 64));
  return ok(`${kind}:${kind === "uri" ? value : value.toLowerCase()}`);
}

/** The one account that a certificate leads to; by its fingerprint before its names. */
export function accountOf(
  { tables }: Pick<DirectoryState, "tables">,
  { fingerprint, names }: ClientCertificate,
): AccountId | undefined {
  const exact = tables.mappings.get(`sha256:${fingerprint}`);
  if (exact !== undefined) return exact.account;
  const found = new Set(names.flatMap((name) => tables.mappings.get(name)?.account ?? []));
  // Names that lead to several people prove none of them.
  return found.size === 1 ? [...found][0] : undefined;
}

/** All that leads to an account, sorted by key. */
export function mappingsOf(
  { tables }: Pick<DirectoryState, "tables">,
  account: AccountId,
): readonly MappingRow[] {
  return [...tables.mappings.values()]
    .filter((row) => row.account === account)
    .toSorted((left, right) => (left.key < right.key ? -1 : 1));
}

export function hasCertificate(state: DirectoryState, account: AccountId): boolean {
  return state.tables.mappings.some((row) => row.account === account);
}
