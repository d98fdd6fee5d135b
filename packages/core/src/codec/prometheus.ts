/** Labels, and what is measured under them. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** One family in the text format of Prometheus; without samples it is only announced. */
export function family(
  name: string,
  of: { readonly says: string; readonly type?: "gauge" | "counter" },
  samples: readonly Sample[],
): string {
  const lines = [
    `# HELP ${name} ${of.says}`,
    `# TYPE ${name} ${of.type ?? "gauge"}`,
    ...samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}`),
  ];
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
