import { withoutLists, type JudgeSettings } from "./judge.ts";
import type { CertificateKind } from "./test-kinds.ts";

/** What a server demands of the other, in the matrix. */
export type Demand = "hard" | "soft" | "off" | "nameless" | "careless";

export const demands = {
  hard: { ...withoutLists, revocation: "hard" },
  soft: { ...withoutLists, revocation: "soft" },
  off: withoutLists,
  nameless: { ...withoutLists, revocation: "soft", checkNames: false },
  careless: { ...withoutLists, validate: false },
} as const satisfies Readonly<Record<Demand, JudgeSettings>>;

export interface MatrixRow {
  readonly kind: CertificateKind;
  readonly expected: Readonly<Record<Demand, string>>;
  /** What the refusing side says of the two facts. */
  readonly says: RegExp;
}

/**
 * The matrix of certificates and demands, after the table of causes: written down, not computed.
 * Either side of a link judges the other by one column, so that two servers meet in one cell each.
 */
export const matrix: readonly MatrixRow[] = [
  row("trusted", "ok  ok  ok  ok  ok", /^$/),
  row("chained", "ok  ok  ok  ok  ok", /^$/),
  row("temporary", "T01 T01 T01 T01 ok", /trusts CN=Ours.*presents .*O=Temporary/),
  row("pinned", "ok  ok  ok  ok  ok", /^$/),
  row("pinned key", "ok  ok  ok  ok  ok", /^$/),
  row("unknown issuer", "T02 T02 T02 T02 ok", /without its issuer CN=Theirs, which is missing/),
  row("unknown root", "T02 T02 T02 T02 ok", /under the root CN=Theirs with fingerprint/),
  row("namesake issuer", "T02 T02 T02 T02 ok", /signed by another CN=Ours than/),
  row("missing intermediate", "T02 T02 T02 T02 ok", /without its issuer CN=Issuing, which is/),
  row("expired", "T03 T03 T03 T03 ok", /has the time .* CN=leaf ended /),
  row("not yet valid", "T04 T04 T04 T04 ok", /has the time .* CN=leaf begins /),
  row("wrong name", "T05 T05 T05 ok  ok", /expects /),
  row("wrong purpose", "T06 T06 T06 T06 ok", /requires the purposes serverAuth, clientAuth/),
  row("revoked", "T07 T07 ok  T07 ok", /serial [0-9a-f]+, as revoked on .* list 7 of CN=Ours/),
  row("stale list", "T08 ok  ok  ok  ok", /has revocation list 7 of CN=Stale, good from .* to /),
  row("no list", "T08 ok  ok  ok  ok", /has no revocation list of CN=Unlisted/),
];

function row(kind: CertificateKind, cells: string, says: RegExp): MatrixRow {
  const [hard = "", soft = "", off = "", nameless = "", careless = ""] = cells.split(/ +/);
  return { kind, expected: { hard, soft, off, nameless, careless }, says };
}
