import { day, rfc3339, type Instant } from "../base/time.ts";
import { expiryDays, expiryStage, stageBegins, type ExpiryStage } from "./certificate-life.ts";
import type { Alarm } from "./server-status.ts";
import { watchedKinds, type WatchedKind, type WatchedLife } from "./watched-lives.ts";

/** What each kind is called, and what to do about it (CS12). */
const kinds: Readonly<
  Record<WatchedKind, { readonly of: string; readonly remedy: string; readonly ended: string }>
> = {
  own: {
    of: "certificate of this server",
    remedy:
      "It renews itself as soon as it can be journalled: run `gridward pair status` to see why the " +
      "Main takes no changes.",
    ended: "Stop this server, run `gridward doctor DIR --repair`, and start it again.",
  },
  partner: {
    of: "certificate of another server",
    remedy:
      "That server renews it as soon as it reaches the Main: run `gridward pair status` to see what " +
      "keeps it away.",
    ended: "Stop that server, run `gridward doctor DIR --repair` there, and start it again.",
  },
  device: {
    of: "certificate of a device",
    remedy:
      "The device renews it by itself while it reaches a server, and at once with `gridward device " +
      "certificates replace NAME`; others are renewed over EST with their own certificate.",
    ended:
      "Make a package with `gridward device package NAME --out FILE`, and at the device run " +
      "`gridward ied renew DIR --package FILE`.",
  },
  party: {
    of: "certificate of a third party",
    remedy: "Issue another with `gridward ca issue` or `gridward ca sign`, and bring it there.",
    ended: "Issue another with `gridward ca issue` or `gridward ca sign`, and bring it there.",
  },
  authority: {
    of: "trust anchor of this system",
    remedy: "Nothing that it issues lasts longer: change over with `gridward ca roll-over start`.",
    ended:
      "Nothing of this system is accepted any more. Change over with `gridward ca roll-over " +
      "start`, sign in with --fingerprint, and make new packages for the devices.",
  },
  imported: {
    of: "imported certificate of this server",
    remedy: "Add its successor with `gridward security certificates add FILE`.",
    ended: "Add its successor with `gridward security certificates add FILE`, or remove it.",
  },
  temporary: {
    of: "temporary certificate that this server shows",
    remedy:
      "Show an issued one with `gridward security set temporary=false`, or make another temporary " +
      "one with `gridward security certificates renew-temporary`.",
    ended:
      "Make another with `gridward security certificates renew-temporary`, with `--local DIR` on the " +
      "server itself where nobody comes in; who pins it is given the new fingerprint.",
  },
  list: {
    of: "revocation list",
    remedy:
      "A Main makes a new one every day: run `gridward pair status` to see why there is none.",
    ended:
      "A Main makes a new one every day: run `gridward pair status` to see why there is none. Where " +
      "`gridward security show` says revocation=hard, nobody is believed without it.",
  },
};

/** A third party that has left is told of no longer than this after the end. */
const partyToldFor = 30 * day;

/** Names in one alarm; a plant has thousands of devices. */
const namedMost = 10;

/** One alarm for each kind and stage, in the order of the kinds, what has ended first. */
export function expiryAlarms(lives: readonly WatchedLife[], now: Instant): readonly Alarm[] {
  const alarms: Alarm[] = [];
  for (const kind of watchedKinds) {
    for (const stage of [0, ...expiryDays.toReversed()] as const) {
      const found = lives.filter(
        (life) => life.kind === kind && expiryStage(life, now) === stage && !isForgotten(life, now),
      );
      if (found.length > 0) alarms.push(alarmOf(kind, stage, found));
    }
  }
  return alarms;
}

function isForgotten({ kind, notAfter }: WatchedLife, now: Instant): boolean {
  return kind === "party" && now - notAfter > partyToldFor;
}

function alarmOf(kind: WatchedKind, stage: ExpiryStage, found: readonly WatchedLife[]): Alarm {
  const { of, remedy, ended } = kinds[kind];
  const sorted = found.toSorted((left, right) => left.notAfter - right.notAfter);
  const named = sorted
    .slice(0, namedMost)
    .map(({ name, notAfter }) => `${name} (${rfc3339(notAfter)})`);
  const more = found.length > namedMost ? `, and ${found.length - namedMost} more` : "";
  const count = found.length === 1 ? `A ${of}` : `${found.length} times a ${of}`;
  const says = stage === 0 ? "has ended" : `ends within ${daysText(stage)}`;
  return {
    code: `expiry.${kind}`,
    since: rfc3339(Math.min(...sorted.map((life) => stageBegins(life, stage)))),
    text: `${count} ${says}: ${named.join(", ")}${more}.`,
    remedy: stage === 0 ? ended : remedy,
  };
}

/** How an event tells of one life that reached a stage. */
export function expiryText({ kind, name, id, notAfter }: WatchedLife, stage: ExpiryStage): string {
  const says = stage === 0 ? "has ended" : `ends within ${daysText(stage)}`;
  return `${kinds[kind].of} ${says}: ${name}, number ${id}, ${rfc3339(notAfter)}`;
}

function daysText(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}
