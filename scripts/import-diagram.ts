import { scanImports } from "./imports.ts";
import { areaOf, areas } from "./layers.ts";
import { readSources } from "./sources.ts";

/** For each area those that it imports. */
type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Which area imports which today, as a Mermaid drawing; tests are left out. */
export function importDiagram(): string {
  const graph = graphOf();
  const edges = [...graph].flatMap(([from, targets]) =>
    [...targets].filter((to) => !isImplied(graph, from, to)).map((to) => [from, to] as const),
  );
  const names = areas.map(({ name }) => name).filter((name) => graph.has(name));
  const groups = Map.groupBy(names, (name) => name.split("/")[0] ?? name);
  return [
    "```mermaid",
    "flowchart TD",
    ...[...groups].flatMap(([group, members]) => [
      `  subgraph ${group}-package ["${group}"]`,
      ...members.map((name) => `    ${nodeOf(name)}["${name}"]`),
      "  end",
    ]),
    ...edges.map(([from, to]) => `  ${nodeOf(from)} --> ${nodeOf(to)}`).toSorted(),
    "```",
  ].join("\n");
}

function graphOf(): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { from, to, isStarted } of scanImports(readSources(["packages/*/src/**/*.ts"]))) {
    const [source, target] = [areaOf(from)?.name, areaOf(to)?.name];
    if (source === undefined || target === undefined || isStarted) continue;
    if (/\.(?:test|contract)\.ts$/.test(from)) continue;
    const targets = graph.get(source) ?? new Set();
    if (source !== target) targets.add(target);
    graph.set(source, targets);
  }
  return graph;
}

/** Is there a longer way from one to the other? Then its arrow says nothing new. */
function isImplied(graph: Graph, from: string, to: string): boolean {
  const seen = new Set<string>();
  const queue = [...(graph.get(from) ?? [])].filter((name) => name !== to);
  for (const name of queue) {
    if (name === to) return true;
    if (!seen.has(name)) queue.push(...(graph.get(name) ?? []));
    seen.add(name);
  }
  return false;
}

function nodeOf(area: string): string {
  return area.replace("/", "-");
}
