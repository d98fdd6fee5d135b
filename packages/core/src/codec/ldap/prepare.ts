/** String preparation of RFC 4518, as far as names of people and devices need it. */
export function foldCase(value: string): string {
  return squeezeSpaces(isAscii(value) ? value : value.normalize("NFKC")).toLowerCase();
}

/** Runs of spaces count as one (RFC 4518 §2.6.1). */
export function squeezeSpaces(value: string): string {
  return value.includes("  ") ? value.replaceAll(/ {2,}/g, " ") : value;
}

function isAscii(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    if (value.charCodeAt(index) > 127) return false;
  }
  return true;
}
