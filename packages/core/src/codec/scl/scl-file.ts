/** What we take from a substation file of IEC 61850-6: who is there, of what make, and where. */
export interface SclFile {
  /** Version, revision and release of the SCL language, such as `2007B4`. */
  readonly version: string;
  /** In the order of the file; never empty; no name occurs twice. */
  readonly devices: readonly SclDevice[];
  /** Sentences for the engineer: what was left out or looks wrong. At most `notesMax` and a count. */
  readonly notes: readonly string[];
}

export interface SclDevice {
  readonly name: string;
  /** Empty where the file does not say. */
  readonly manufacturer: string;
  /** Empty where the file does not say. */
  readonly type: string;
  readonly description?: string;
  readonly configVersion?: string;
  readonly accessPoints: readonly SclAccessPoint[];
}

export interface SclAccessPoint {
  readonly name: string;
  readonly subnetwork?: string;
  /** IPv4; IPv6 only where the file gives no IPv4. */
  readonly ip?: string;
  readonly mask?: string;
  readonly gateway?: string;
}

const mebibyte = 1024 * 1024;

/** Bounds of one file. They hold whatever the bytes are, so memory and time are bounded too. */
export const sclLimits = {
  bytesMax: 64 * mebibyte,
  /** From one tag to the next, without plain text: what the parser may have to keep. */
  markupCharactersMax: mebibyte,
  elementsMax: 2_000_000,
  /** Real files nest about 12 deep; Private sections of tools somewhat deeper. */
  depthMax: 64,
  attributesMax: 256,
  devicesMax: 10_000,
  /** An access point counts where it is declared and where it is connected. */
  accessPointsMax: 80_000,
  /** IEC 61850-6, tIEDName. */
  nameCharactersMax: 64,
  textCharactersMax: 255,
  notesMax: 100,
} as const;
