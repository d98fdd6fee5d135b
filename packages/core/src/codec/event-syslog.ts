import { utf8, type Bytes } from "../base/bytes.ts";
import { version } from "../base/version.ts";

/** A security event as it leaves us: everything in it is one line of whole characters. */
export interface ToldEvent {
  readonly sequence: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly event: number;
  readonly name: string;
  readonly severity: "critical" | "warning" | "notice" | "informational";
  readonly gsal: string | null;
  readonly outcome: string;
  readonly subject: string;
  readonly door: string;
  readonly source: string;
  readonly device: string | null;
  /** Server or device that keeps it. */
  readonly server: string;
  readonly detail: string;
}

/** RFC 5424 §6.2.1: 13 is "log audit". */
const facility = 13;
const severityNumbers = { critical: 2, warning: 4, notice: 5, informational: 6 } as const;
/** As CEF counts, from 0 to 10. */
const cefSeverities = { critical: 9, warning: 6, notice: 3, informational: 2 } as const;

/** RFC 5424 §6.2.4 and §6.2.7; sequenceId begins anew after its largest. */
const lengths = { host: 255, msgId: 32, sequenceId: 2_147_483_647 } as const;

/**
 * RFC 5424. Only elements that IANA registered are used: what is ours stands in the message, as
 * words that a person reads and a program can take apart.
 */
export function syslogLine(event: ToldEvent): string {
  const { event: number, outcome, subject, door, source, device, gsal, detail } = event;
  const parts: readonly (readonly [string, string])[] = [
    ["event", String(number)],
    ["outcome", outcome],
    ["user", subject],
    ["door", door],
    ["src", source],
    ["device", device ?? ""],
    ["gsal", gsal ?? ""],
  ];
  const words = parts.flatMap(([key, value]) => (value === "" ? [] : [`${key}=${quoted(value)}`]));
  const said = detail === "" ? words.join(" ") : `${words.join(" ")}: ${detail}`;
  return `${header(event)}${marked(said)}`;
}

/** ArcSight Common Event Format as the message of a syslog line, as its collectors take it. */
export function cefLine(event: ToldEvent): string {
  const { event: number, name, severity, at, sequence, outcome, server, gsal, detail } = event;
  const head = ["Gridward", "Gridward", version, String(number), name].map(cefHead).join("|");
  const isAddress = /^[0-9a-fA-F.:]+$/.test(event.source);
  const parts: readonly (readonly [string, string])[] = [
    ["rt", String(Date.parse(at))],
    ["dvchost", server],
    ["externalId", String(sequence)],
    ["outcome", outcome],
    ["suser", event.subject],
    [isAddress ? "src" : "shost", event.source],
    ["app", event.door],
    ["dhost", event.device ?? ""],
    ["cat", gsal ?? ""],
    ["msg", detail],
  ];
  const pairs = parts.flatMap(([key, value]) =>
    value === "" ? [] : [`${key}=${cefValue(value)}`],
  );
  return `${header(event)}${marked(`CEF:0|${head}|${cefSeverities[severity]}|${pairs.join(" ")}`)}`;
}

/** RFC 6587 §3.4.1 and RFC 5425 §4.3: the number of bytes stands before each message. */
export function octetCounted(line: string): Bytes {
  const bytes = utf8(line);
  const head = utf8(`${bytes.length} `);
  const frame = new Uint8Array(head.length + bytes.length);
  frame.set(head);
  frame.set(bytes, head.length);
  return frame;
}

function header({ severity, at, server, name, sequence }: ToldEvent): string {
  const priority = facility * 8 + severityNumbers[severity];
  const host = printable(server, lengths.host);
  const id = printable(name, lengths.msgId);
  const elements = `[origin software="gridward" swVersion="${version}"][meta sequenceId="${
    ((sequence - 1) % lengths.sequenceId) + 1
  }"]`;
  return `<${priority}>1 ${at} ${host} gridward - ${id} ${elements} `;
}

/** PRINTUSASCII, or the NILVALUE where nothing is left. */
function printable(text: string, lengthMax: number): string {
  const safe = text.replaceAll(/[^!-~]/g, "?").slice(0, lengthMax);
  return safe === "" ? "-" : safe;
}

/** Beyond ASCII a message says by a byte order mark that it is UTF-8 (RFC 5424 §6.4). */
function marked(text: string): string {
  const line = oneLine(text);
  return /^[ -~]*$/.test(line) ? line : `\u{FEFF}${line}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "\u{FFFD}").toWellFormed();
}

/** Bare where nothing in it could be taken for the next word. */
function quoted(value: string): string {
  if (/^[\w.:@/-]+$/.test(value)) return value;
  return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
}

function cefHead(text: string): string {
  return oneLine(text).replaceAll(/[|\\]/g, "\\$&");
}

function cefValue(text: string): string {
  return oneLine(text).replaceAll(/[=\\]/g, "\\$&");
}
