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
