import { scanImports } from "./imports.ts";
import { areaOf, areas } from "./layers.ts";
import { readSources } from "./sources.ts";

/** Which area imports which today, as a Mermaid drawing; tests are left out. */
export function importDiagram(): string {
  const edges = new Set<string>();
  const sources = readSources(["packages/*/src/**/*.ts"]);
  for (const { from, to, isStarted } of scanImports(sources)) {
    const [source, target] = [areaOf(from)?.name, areaOf(to)?.name];
    if (source === undefined || target === undefined || source === target || isStarted) continue;
    if (!/\.(?:test|contract)\.ts$/.test(from)) edges.add(`${source}>${target}`);
  }
  const used = new Set([...edges].flatMap((edge) => edge.split(">")));
  const groups = Map.groupBy(
    areas.map(({ name }) => name).filter((name) => used.has(name)),
    (name) => name.split("/")[0] ?? name,
  );
  return [
    "```mermaid",
    "flowchart LR",
    ...[...groups].flatMap(([group, names]) => [
      `  subgraph ${group}`,
      ...names.map((name) => `    ${nodeOf(name)}["${name}"]`),
      "  end",
    ]),
    ...[...edges].toSorted().map((edge) => `  ${edge.split(">").map(nodeOf).join(" --> ")}`),
    "```",
  ].join("\n");
}

function nodeOf(area: string): string {
  return area.replace("/", "-");
}
