import type { Line, PanelView } from "./panel-view.ts";

type Body = Pick<PanelView, "body" | "focus" | "isText">;

/** Lines as they stand in a terminal of this size: folded at words, the focus among them. */
export function fitLines(view: Body, columns: number, rows: number): readonly Line[] {
  const folded = foldBody(view, columns);
  const lines = folded.flat();
  const room = Math.max(1, rows);
  // A text moves by lines as they are shown, a list by its rows.
  const wanted = view.isText ? view.focus : folded.slice(0, view.focus + 1).flat().length - room;
  const top = Math.max(0, Math.min(wanted, lines.length - room));
  return lines.slice(top, top + room);
}

/** From where on a text is at its end. */
export function lastTop(view: Body, columns: number, rows: number): number {
  return Math.max(0, foldBody(view, columns).flat().length - Math.max(1, rows));
}

function foldBody({ body }: Body, columns: number): readonly (readonly Line[])[] {
  return body.map((line) => foldLine(line, columns));
}

export function foldLine({ text, tone }: Line, columns: number): readonly Line[] {
  return fold(text, columns).map((part) => ({ text: part, tone }));
}

/** At words where there are any, with the first line's indent kept. */
export function fold(text: string, columns: number): readonly string[] {
  const indent = /^ */.exec(text)?.[0] ?? "";
  const width = Math.max(indent.length + 1, columns);
  const lines: string[] = [];
  let rest = Array.from(text);
  while (rest.length > width) {
    const blank = rest.slice(0, width + 1).lastIndexOf(" ");
    const end = blank > indent.length ? blank : width;
    lines.push(rest.slice(0, end).join(""));
    rest = [...Array.from(indent), ...rest.slice(rest[end] === " " ? end + 1 : end)];
  }
  return [...lines, rest.join("")];
}
