import type { SecuritySettings } from "@gridward/core/base/security-settings";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { CrlRow } from "@gridward/core/domain/types";
import type { LinkIdentity } from "@gridward/runtime/link/identity";
import type { RevocationList } from "@gridward/runtime/trust/revocation";
import { readCrl } from "@gridward/runtime/trust/x509/read-crl";
import type { OwnIdentity } from "./own-identity.ts";

export interface LinkIdentityParts {
  readonly identity: OwnIdentity;
  readonly state: () => DirectoryState;
}

/**
 * Who this server is on the link, with the revocation lists of the journal: each server has them
 * as its partners do. Under the settings of now, or those that are asked about.
 */
export function linkIdentity(
  { identity, state }: LinkIdentityParts,
  settings?: SecuritySettings,
): LinkIdentity {
  const lists = [...state().tables.crls.values()].flatMap((row) => readList(row) ?? []);
  return { ...identity.link(settings), lists };
}

const listsRead = new WeakMap<CrlRow, RevocationList | null>();

/** Read once: a list may be long, and each connection asks. */
function readList(row: CrlRow): RevocationList | null {
  const known = listsRead.get(row);
  if (known !== undefined) return known;
  const read = readCrl(Buffer.from(row.encoded, "base64"));
  const list = read.ok ? read.value : null;
  listsRead.set(row, list);
  return list;
}
