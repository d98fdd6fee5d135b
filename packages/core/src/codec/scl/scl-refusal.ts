const exportAgain = "Export the file again from the system configurator, or copy it again in full.";
const exportLess = "Export a file with only the IEDs that you need.";
const giveScl = "Give an SCD, CID, ICD or IID file as the system configurator exports it.";
const correctName = "Correct the name in the system configurator and export the file again.";

/** Every way to refuse a substation file, each with what to do now. */
const remedies = {
  "not-xml": giveScl,
  "not-scl": giveScl,
  "broken-xml": exportAgain,
  doctype: "Remove the DOCTYPE: the schema of SCL knows none.",
  encoding: "Save the file as UTF-8 and try again.",
  "too-large": exportLess,
  "too-long": "Export the file without embedded documents.",
  "too-deep": exportAgain,
  "too-many-elements": exportLess,
  "too-many-attributes": exportAgain,
  "too-many-devices": exportLess,
  "too-many-access-points": exportLess,
  "duplicate-name": correctName,
  "bad-name": correctName,
  "no-device": "Export a file that contains the IEDs of the station.",
} as const;

export type SclRefusalCode = keyof typeof remedies;

export interface SclRefusal {
  readonly code: SclRefusalCode;
  /** One sentence: what is wrong and, where it is one place, at which line and column. */
  readonly detail: string;
  /** One sentence: what to do now. */
  readonly remedy: string;
}

export interface SclPosition {
  readonly line: number;
  readonly column: number;
}

export function refuseScl(code: SclRefusalCode, what: string, at?: SclPosition): SclRefusal {
  const where = at ? ` (line ${at.line}, column ${at.column})` : "";
  return { code, detail: `${what}${where}.`, remedy: remedies[code] };
}
