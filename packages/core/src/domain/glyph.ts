import type { marks } from "./pair/states.ts";
import type { Icon } from "./server-status.ts";

type Shape = (typeof marks)[keyof typeof marks]["shape"];

/** One sign for each shape, of the plain ones that every font of a terminal has. */
const glyphs: Readonly<Record<Shape, string>> = {
  square: "■",
  circle: "●",
  check: "✔",
  triangle: "▲",
  diamond: "◆",
};

const byShape: ReadonlyMap<string, string> = new Map(Object.entries(glyphs));

/** HS13: sign and word, the same wherever a state is shown; the colour comes on top of them. */
export function iconText({ shape, word }: Pick<Icon, "shape" | "word">): string {
  const glyph = byShape.get(shape);
  // A newer server may know a shape that we do not: its word stands.
  return glyph === undefined ? word : `${glyph} ${word}`;
}
