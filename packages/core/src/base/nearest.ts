/** Which of the known words is nearest to this one; "" where none is known. */
export function nearestWord(
  word: string,
  known: readonly string[],
  distance: (word: string, known: string) => number = editDistance,
): string {
  const ranked = known.map((each) => ({ each, far: distance(word, each) }));
  ranked.sort((left, right) => left.far - right.far);
  return ranked[0]?.each ?? "";
}

/** Levenshtein distance: letters to insert, remove or replace. */
export function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
