import { type OrderRow, orders, outsideOrders } from "@gridward/core/domain/pair/order-table";
import { iconText } from "@gridward/core/domain/glyph";
import { iconOf, type Phase, type StateRow, states } from "@gridward/core/domain/pair/states";
import { type MoveCause, moves } from "@gridward/core/domain/pair/transitions";
import { table } from "./reference.ts";

/** The parts of docs/PAIR.md that are made from the tables of states, orders and moves. */

const phaseWords: Readonly<Record<Phase | "off", string>> = {
  off: "off",
  blank: "blank",
  invalid: "invalid database",
  diverged: "diverged",
  "two-mains": "two Mains",
  serving: "Main",
  draining: "Main, handing over",
  "read-only": "Main, changes stopped",
  connecting: "Standby, connecting",
  synchronising: "Standby, synchronising",
  following: "Standby, following",
  candidate: "Standby, asking the witness",
  maintenance: "Standby, in maintenance",
  fenced: "fenced",
};

const causeWords: Readonly<Record<MoveCause, string>> = {
  start: "the program starts",
  create: "a system is created",
  tick: "time passes",
  "link-up": "the link opens",
  "link-down": "the link is lost",
  message: "the partner's word",
  appended: "the journal was written",
  "disk-full": "the disk is full",
  "snapshot-begun": "the copy begins",
  "snapshot-progress": "the copy goes on",
  "generation-ready": "the copy is verified",
  "snapshot-failed": "the copy breaks off",
  "snapshot-sent": "the copy was sent",
  "database-invalid": "the database may not be used",
  "order-changeover": "`pair changeover`",
  "order-promote": "`pair promote`",
  "order-mode": "`pair mode`",
  "order-maintenance": "`pair maintenance`",
  "partner-answered": "the partner lives",
  "partner-removed": "the partner is removed",
  "arbiter-answered": "the witness's answer",
};

export function stateReference(): string {
  const rows = Object.entries(states).map(([name, row]) => [
    `\`${name}\``,
    badgesOf(row),
    row.means,
    row.writes,
    row.signIns,
    row.mayBecomeMain,
    row.mustAct,
    row.number === null ? "" : `S${row.number}`,
  ]);
  const head = ["state", "icon", "what it means", "changes", "sign-ins", "may become Main"];
  return table([...head, "somebody must act", "number"], rows);
}

function badgesOf(row: StateRow): string {
  const { mark, variant } = row;
  const also = variant
    ? `; ${iconText(iconOf(variant))} (${variant.mark}) where ${variant.when}`
    : "";
  return `${iconText(iconOf(row))} (${mark})${also}`;
}

export function orderReference(): string {
  const rows = Object.keys(phaseWords).filter(isPhase);
  const columns: readonly OrderRow[] = Object.values(orders);
  const cells = rows.map((phase) => [
    phaseWords[phase],
    ...columns.map(({ taken }) => cellOf(taken[phase])),
  ]);
  const head = ["the server is", ...columns.map(({ command }) => `\`${command}\``)];
  const outside = outsideOrders.map(({ command, when, from, to }) => [
    `\`${command}\``,
    when,
    from === "off" ? `starts as ${phaseWords[to]}` : `becomes ${phaseWords[to]}`,
  ]);
  return `${table(head, cells)}\n\n${table(["order", "the server is", "it then"], outside)}`;
}

function isPhase(word: string): word is Phase {
  return word in phaseWords && word !== "off";
}

function cellOf(taken: OrderRow["taken"][Phase]): string {
  return taken === null ? "refused" : `if ${taken.when}`;
}

export function moveReference(): string {
  const rows = moves.map(({ from, to, on, when, rules }, index) => [
    String(index + 1),
    from.map((each) => phaseWords[each]).join("; "),
    phaseWords[to],
    on.map((cause) => causeWords[cause]).join("; "),
    when,
    rules.join(", "),
  ]);
  return table(["move", "from", "to", "on", "when", "rules"], rows);
}

/** The moves that people meet, each with its number in the table. */
export function pairPicture(): string {
  const edges = moves.flatMap(({ from: [from], to, isDrawn }, index) =>
    isDrawn && from !== undefined ? [`  ${from} -->|${index + 1}| ${to}`] : [],
  );
  const groups = [
    ["none", ["blank", "invalid", "diverged", "two-mains"]],
    ["standby", ["connecting", "synchronising", "following", "candidate", "maintenance", "fenced"]],
    ["main", ["serving", "draining", "read-only"]],
  ] as const;
  return [
    "```mermaid",
    "flowchart LR",
    '  off(["off"])',
    ...groups.flatMap(([duty, phases]) => [
      `  subgraph duty-${duty} ["${duty}"]`,
      ...phases.map((phase) => `    ${phase}["${labelOf(phase)}"]`),
      "  end",
    ]),
    ...edges,
    "```",
  ].join("\n");
}

/** The names under which a phase is mostly shown. */
function labelOf(phase: Phase): string {
  const names = Object.entries(states).filter(([, { phases }]) => phases[0] === phase);
  return names.map(([name]) => name).join("<br/>");
}
