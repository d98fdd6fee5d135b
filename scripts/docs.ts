// Parts of the documents that are made from the code: `node scripts/docs.ts --write` renews them,
// and `npm run check` fails when one has drifted.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApi } from "@gridward/core/api/open-api";
import { importDiagram } from "./import-diagram.ts";
import { moveReference, orderReference, pairPicture, stateReference } from "./pair-reference.ts";
import {
  causeReference,
  eventReference,
  limitReference,
  refusalReference,
  securityReference,
} from "./reference.ts";
import { root } from "./sources.ts";

interface GeneratedPart {
  readonly file: string;
  /** Stands between `<!-- generated: MARKER -->` and `<!-- end: MARKER -->`. */
  readonly marker: string;
  readonly generate: () => string;
}

/** Documents that are made whole, for machines. */
const files: readonly { readonly file: string; readonly generate: () => string }[] = [
  {
    file: "docs/reference/openapi.json",
    generate: () => `${JSON.stringify(openApi(), null, 2)}\n`,
  },
];

const parts: readonly GeneratedPart[] = [
  { file: "docs/ARCHITECTURE.md", marker: "imports", generate: importDiagram },
  { file: "docs/PAIR.md", marker: "picture", generate: pairPicture },
  { file: "docs/PAIR.md", marker: "states", generate: stateReference },
  { file: "docs/PAIR.md", marker: "orders", generate: orderReference },
  { file: "docs/PAIR.md", marker: "moves", generate: moveReference },
  { file: "docs/SECURITY-SETTINGS.md", marker: "security", generate: securityReference },
  { file: "docs/reference/refusals.md", marker: "refusals", generate: refusalReference },
  { file: "docs/reference/events.md", marker: "events", generate: eventReference },
  { file: "docs/reference/causes.md", marker: "causes", generate: causeReference },
  { file: "docs/reference/limits.md", marker: "limits", generate: limitReference },
];

/** One sentence for each part that is not what the code says. */
export function checkDocs(): readonly string[] {
  const whole = files.flatMap(({ file, generate }) => {
    const now = readFileSync(join(root, file), "utf8");
    return now === generate() ? [] : [`${file}: node scripts/docs.ts --write`];
  });
  const drifted = parts.flatMap((part) => {
    const now = readFileSync(join(root, part.file), "utf8");
    const wanted = renew(now, part);
    if (wanted === undefined) return [`${part.file} has no markers for "${part.marker}"`];
    return wanted === now ? [] : [`${part.file} "${part.marker}": node scripts/docs.ts --write`];
  });
  return [...whole, ...drifted];
}

function writeDocs(): void {
  for (const { file, generate } of files) writeFileSync(join(root, file), generate());
  for (const part of parts) {
    const file = join(root, part.file);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, renew(text, part) ?? text);
  }
}

function renew(text: string, { marker, generate }: GeneratedPart): string | undefined {
  const [begin, end] = [`<!-- generated: ${marker} -->`, `<!-- end: ${marker} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) return undefined;
  return `${text.slice(0, from + begin.length)}\n\n${generate()}\n\n${text.slice(to)}`;
}

if (process.argv[1] === import.meta.filename && process.argv.includes("--write")) writeDocs();
