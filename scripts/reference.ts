import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  securityForms,
  securityKey,
  securityNames,
  securitySpecs,
} from "@gridward/core/base/security-settings";
import { refusalSpec, refusals, isRefusalCode } from "@gridward/core/domain/refusal";
import { securityEvents } from "@gridward/core/domain/security-event";
import { tlsCauses } from "@gridward/core/domain/tls-cause";
import { readSources, root } from "./sources.ts";

/** The pages of docs/reference, each made from the one table that the code uses. */
export function refusalReference(): string {
  const codes = Object.keys(refusals).filter(isRefusalCode);
  const rows = codes.map((code) => {
    const { says, remedy, exit, http, ldap, tell } = refusalSpec(code);
    return [`\`${code}\``, says, remedy, String(exit), String(http), String(ldap), tell];
  });
  return table(["code", "what happened", "what to do", "exit", "HTTP", "LDAP", "told to"], rows);
}

export function eventReference(): string {
  const rows = Object.entries(securityEvents).map(([number, event]) => [
    number,
    `\`${event.acronym}\``,
    event.text,
    event.severity,
    event.gsal ?? "",
    event.isVerified ? "" : "from memory",
  ]);
  return table(["number", "name", "means", "severity", "GSAL", "source"], rows);
}

export function causeReference(): string {
  const rows = Object.entries(tlsCauses).map(([code, cause]) => [
    code,
    cause.title,
    cause.says,
    cause.remedy,
  ]);
  return table(["code", "cause", "what is said on both sides", "what to do"], rows);
}

export function securityReference(): string {
  const rows = securityNames.map((name) => {
    const { choices, means, alarm, copies } = securitySpecs[name];
    const others = securityForms(name).slice(1).join(", ");
    const raised = alarm === null ? "" : `\`${alarm.code}\``;
    const key = `\`${securityKey(name)}\``;
    return [key, String(choices[0]), others, means, raised, copyWords(copies)];
  });
  const head = ["key", "unless set", "else", "what it says", "alarm while it is weaker"];
  return table([...head, "`pair settings copy`"], rows);
}

function copyWords(copies: (typeof securitySpecs)[keyof typeof securitySpecs]["copies"]): string {
  if (copies === "choices") return "unless it names a certificate";
  return copies ? "yes" : "no";
}

/** Limits are read off the text, because their comments are half of what matters. */
export function limitReference(): string {
  const limit =
    /(?:\/\*\* (?<why>[^*]*) \*\/\n)?export const (?<name>\w+)[^=]*= (?<value>[^;{]+);/g;
  return [...readSources(["packages/*/src/**/limits.ts"]).keys()]
    .flatMap((file) => {
      const text = readFileSync(join(root, file), "utf8");
      const rows = [...text.matchAll(limit)].map(({ groups }) => [
        `\`${groups?.["name"] ?? ""}\``,
        (groups?.["value"] ?? "").replaceAll("_", ","),
        (groups?.["why"] ?? "").replaceAll(/\s+/g, " "),
      ]);
      return [`### \`${file}\``, table(["limit", "value", "why"], rows)];
    })
    .join("\n\n");
}

/** Columns are padded as the formatter pads them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, index) => Math.max(3, ...all.map((row) => row[index]?.length ?? 0)));
  const lines = all.map((row) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)));
  const rule = widths.map((width) => "-".repeat(width));
  const [first = [], ...rest] = lines;
  return [first, rule, ...rest].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
