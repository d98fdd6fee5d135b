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

/** What a spreadsheet would take for a formula begins with one of these. */
const formula = /^[=+\-@\t\r]/;

/** A cell that no spreadsheet runs: with an apostrophe before what could be a formula (OWASP). */
export function safeCell(text: string): string {
  return formula.test(text) || text.startsWith("'") ? `'${text}` : text;
}

/** What was meant by a cell that `safeCell` wrote, or that somebody else did. */
export function plainCell(cell: string): string {
  return /^'['=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell;
}
