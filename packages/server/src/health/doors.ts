import { minute, rfc3339, type Instant, type Millis } from "@gridward/core/base/time";
import type { Alarm } from "@gridward/core/domain/server-status";
import type { Clock } from "@gridward/runtime/os/clock";
import type { ConnectionLimit } from "@gridward/runtime/os/connection-limit";

/** Connections at once, where the process may open as much as it likes. */
export const connectionsMost = { https: 4_096, ldaps: 1_024, devices: 8_192 } as const;

export type DoorName = keyof typeof connectionsMost;

/**
 * Descriptors that no door may take: journal and stores with their side files, the link to the
 * partner and to the witness, peers not verified yet, the local socket, a backup under way.
 */
export const descriptorsKept = 160;

/** A door that is open lets this many in, however little there is. */
const connectionsLeast = 8;

/** How many connections each door may have, so that all together leave room for the server. */
export function shareConnections(descriptors: number | null): Readonly<Record<DoorName, number>> {
  const { https, ldaps, devices } = connectionsMost;
  const wanted = https + ldaps + devices;
  const free = Math.max(0, (descriptors ?? Number.POSITIVE_INFINITY) - descriptorsKept);
  if (free >= wanted) return connectionsMost;
  const shareOf = (most: number): number => {
    return Math.max(connectionsLeast, Math.min(most, Math.floor(free / 3)));
  };
  return { https: shareOf(https), ldaps: shareOf(ldaps), devices: shareOf(devices) };
}

/** What one source may have: all clients of a station may come through one gateway. */
function halfOf(most: number): number {
  return Math.ceil(most / 2);
}

/** A person must find the alarm some time after the last connection that was turned away. */
const alarmFor: Millis = 10 * minute;

const doorTexts: Readonly<Record<DoorName, string>> = {
  https: "HTTPS",
  ldaps: "LDAPS",
  devices: "the devices' port",
};

interface TurnedAway {
  readonly count: number;
  readonly since: Instant;
  readonly lastAt: Millis;
}

/** The limits of all doors, and what is told of them. */
export class Doors {
  readonly #clock: Clock;
  readonly #descriptors: number | null;
  readonly #most: Readonly<Record<DoorName, number>>;
  readonly #startedAt: Instant;
  readonly #turnedAway = new Map<DoorName, TurnedAway>();

  constructor(descriptors: number | null, clock: Clock) {
    this.#clock = clock;
    this.#descriptors = descriptors;
    this.#most = shareConnections(descriptors);
    this.#startedAt = clock.now();
  }

  limit(door: DoorName): ConnectionLimit {
    const most = this.#most[door];
    return { most, mostOfOne: halfOf(most), onTurnedAway: () => this.#note(door) };
  }

  alarms(): readonly Alarm[] {
    const at = this.#clock.monotonic();
    const alarms: Alarm[] = [];
    const { https, ldaps, devices } = this.#most;
    // LDAPS would be the first to have less than it takes elsewhere.
    if (ldaps < connectionsMost.ldaps) {
      alarms.push({
        code: "server.few-descriptors",
        since: rfc3339(this.#startedAt),
        text: `This process may open ${this.#descriptors ?? 0} files and sockets: ${https} connections over HTTPS, ${ldaps} over LDAPS and ${devices} of devices at once.`,
        remedy: moreDescriptors,
      });
    }
    for (const [door, { count, since, lastAt }] of this.#turnedAway) {
      if (at - lastAt > alarmFor) continue;
      const most = this.#most[door];
      alarms.push({
        code: `server.${door}-full`,
        since: rfc3339(since),
        text: `${count} connections to ${doorTexts[door]} were turned away: ${most} at once are the most, and ${halfOf(most)} of one IPv4 address or IPv6 /64.`,
        remedy: `Find who holds so many connections open. ${moreDescriptors}`,
      });
    }
    return alarms;
  }

  #note(door: DoorName): void {
    const lastAt = this.#clock.monotonic();
    const before = this.#turnedAway.get(door);
    const goesOn = before !== undefined && lastAt - before.lastAt <= alarmFor;
    const { count, since } = goesOn ? before : { count: 0, since: this.#clock.now() };
    this.#turnedAway.set(door, { count: count + 1, since, lastAt });
  }
}

const moreDescriptors =
  "If the limit is too low, raise it (LimitNOFILE= of the service, or ulimit -n) and restart this server.";
