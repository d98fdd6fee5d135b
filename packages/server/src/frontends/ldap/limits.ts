import { second, type Millis } from "@gridward/core/base/time";

// Bounds of the LDAP front end, with their units.

/** Operations of one connection that wait for their turn; beyond it we stop reading. */
export const outstandingMax = 64;
/** Octets of answers that a slow reader may leave with us before we stop answering. */
export const unsentMax = 1_048_576;
export const handshakeMax: Millis = 10 * second;
export const idleMax: Millis = 120 * second;
/** How long a peer may take nothing of what is still sent before its connection is closed. */
export const goodbyeMax: Millis = second;
export const searchEntriesMax = 500;
export const searchMax: Millis = 10 * second;
/** Entries that an unindexed search looks at before others get their turn. */
export const searchSlice = 500;
/** An index over names and roles may be this old while accounts change (rule LDS14). */
export const indexAgeMax: Millis = 100;
/** Different lists of attributes that are remembered in encoded form. */
export const selectionsMax = 256;
