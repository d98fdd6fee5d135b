/** The same people in our server and in slapd, so that both answer the same questions. */
export const base = "dc=test";
export const passwordOfAll = "Correct-Horse-7";

export function nameOf(index: number): string {
  return `u${String(index).padStart(6, "0")}`;
}

export function dnOf(index: number): string {
  return `uid=${nameOf(index)},ou=people,${base}`;
}
