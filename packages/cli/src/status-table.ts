import type * as z from "zod";
import type { pairView, serverStatus } from "@gridward/core/api/server-status-schema";
import type { Json } from "@gridward/core/base/canonical";
import { iconText } from "@gridward/core/domain/glyph";
import type { Paint } from "@gridward/runtime/os/output";

type Members<Shape> = { readonly [Name in keyof Shape]: z.output<Shape[Name] & z.ZodType> };
type Standing = Members<typeof pairView> & { readonly name: string };
type Whole = Partial<Omit<z.output<typeof serverStatus>, keyof Standing>>;

/**
 * A status as a tired person reads it: first what is the matter and what to do, then the alarms
 * and the partners, one line each, then all else. `-o json` has every member.
 */
export function statusTable(status: Standing & Whole): Json {
  const { name, state, icon, since, cause, remedy, unprotected_since, progress } = status;
  return {
    name,
    state: `${iconText(icon)} (${state})`,
    since,
    cause: cause?.text ?? null,
    remedy,
    ...(cause === null ? {} : { explained: `gridward server states ${state}` }),
    ...(unprotected_since === null ? {} : { unprotected_since }),
    ...alarmLines(status),
    ...(progress === null ? {} : { progress: progressLine(progress) }),
    ...Object.fromEntries(status.partners.map((each) => [`partner ${each.name}`, line(each)])),
    duty: status.duty,
    ack_set: status.ack_set,
    mode: status.arbitration.mode,
    witness: witnessLine(status.arbitration.witness),
    promotable: permissionLine(status.promotable),
    changeover: permissionLine(status.changeover),
    ...restOf(status),
  };
}

/** HS13: what stands beside the state, in its colour. */
export function statusPaint({ icon }: Pick<Standing, "icon">): Paint {
  return { text: iconText(icon), colour: icon.colour };
}

/** The state's own alarm stands above already. */
function alarmLines({ alarms = [], cause }: Standing & Whole): Readonly<Record<string, Json>> {
  const others = alarms.filter(({ code }) => code !== cause?.code);
  return Object.fromEntries(
    others.map(({ code, since, text, remedy }) => [
      `alarm ${code}`,
      `${text} ${remedy} (since ${since})`,
    ]),
  );
}

function progressLine(progress: NonNullable<Standing["progress"]>): string {
  const { phase, bytes_done, bytes_total, entries_behind, eta_s, last_progress } = progress;
  if (phase === "catch up") return `${entries_behind} changes behind`;
  const share = bytes_total ? ` ${Math.floor((100 * bytes_done) / bytes_total)} %` : "";
  const left = eta_s === null ? "" : `, ${eta_s} s left`;
  return `${phase}${share}${left}, last progress ${last_progress}`;
}

function line(partner: Standing["partners"][number]): string {
  const { state, kind, behind, address, link, conflict, dial, accept } = partner;
  const standing = kind === "permanent" ? `${state} (permanent)` : state;
  const ways = [`we dial it: ${wayLine(dial)}`, `it dials us: ${wayLine(accept)}`].join(", ");
  const over = address === null ? "" : ` at ${address}${link === "backup" ? " (backup)" : ""}`;
  const late = behind === null || behind === 0 ? "" : `, ${behind} behind`;
  const why = conflict === null ? "" : `. ${conflict.effect} ${conflict.remedy}`;
  return `${standing}${over}${late}; ${ways}${why}`;
}

function wayLine({ verdict, cause }: Standing["partners"][number]["dial"]): string {
  // Nothing was reached that could refuse.
  if (cause === "T17") return "no answer";
  return cause === null ? verdict : `${verdict} ${cause}`;
}

function witnessLine(witness: Standing["arbitration"]["witness"]): string | null {
  return witness && `${witness.state} at ${witness.address}`;
}

function permissionLine({ ok, reason }: Standing["promotable"]): string {
  return ok ? "yes" : `no: ${reason ?? ""}`;
}

function restOf(status: Whole): Readonly<Record<string, Json>> {
  const { position, version, pid, kind, security, node_id, system_id } = status;
  const rest: Readonly<Record<string, Json | undefined>> = {
    position: position && `change ${position.seq} of term ${position.term}`,
    fingerprint: security?.["fingerprint"],
    temporary_certificate: security?.["temporary"],
    kind,
    version,
    pid,
    node_id,
    system_id,
  };
  return Object.fromEntries(
    Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
