import { day, second } from "@gridward/core/base/time";

/** A connection that is not verified by then is closed (design §6). */
export const unverifiedFor = 5 * second;

/** Connections that are not verified yet: of all, and of one IPv4 address or IPv6 /64. */
export const pendingMax = 64;
export const pendingPerSourceMax = 4;

/** Connections that one source may open at once, and those it regains a second. */
export const openedBurst = 256;
export const openedPerSecond = 64;
/** Sources whose haste is remembered. */
export const sourcesMax = 10_000;

/** No connection lives longer: certificates are judged again at the next one. */
export const connectionAgeMax = day;

/** A sender may go on when no more than this waits for the network. */
export const queueLowBytes = 256 * 1024;
/** A peer that lets this much pile up is too slow to keep. */
export const queueHighBytes = 64 * 1024 * 1024;
/** A peer that takes nothing of what waits for it, for so long, is too slow to keep. */
export const stalledFor = 20 * second;

/** After a close of ours: time for what was queued to go out. */
export const closingFor = second;

export const keepAliveAfter = 10 * second;
