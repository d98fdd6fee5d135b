/** Several texts in one cell, with `;` between them; `\` before a `;` or `\` that is meant so. */
export function joinList(texts: readonly string[]): string {
  return texts.map((text) => text.replaceAll(/[\\;]/g, String.raw`\$&`)).join("; ");
}

/** Empty ones are left out, and so is the white space around each. */
export function splitList(cell: string): readonly string[] {
  const texts: string[] = [""];
  for (const [piece] of cell.matchAll(/\\[\\;]|;|[^\\;]+|\\/g)) {
    if (piece === ";") texts.push("");
    else texts.push((texts.pop() ?? "") + (/^\\[\\;]$/.test(piece) ? piece.slice(1) : piece));
  }
  return texts.map((text) => text.trim()).filter((text) => text !== "");
}
