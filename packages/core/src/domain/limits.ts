import { day, minute, second, type Millis } from "../base/time.ts";

/** Bounds of the domain, with their units. Shown in the reference documentation. */
export const nameLengthMax = 64;
export const displayNameLengthMax = 128;
export const descriptionLengthMax = 256;
export const siteLengthMax = 255;
export const areaSegmentsMax = 8;
export const rolesPerAccountMax = 16;
/** Private roles with a name, roles that have one right, and role-to-right maps of device types. */
export const privateRolesMax = 64;
export const rolesPerRightMax = 128;
export const rightsMapsMax = 64;
export const groupsPerAccountMax = 64;
export const accessPointsPerDeviceMax = 32;
/** One change is one entry, and an entry goes to the Standby in one frame of 4 MiB. */
export const devicesPerCommandMax = 5_000;
/** Accounts of one change set, and the bytes of its facts and of what is kept for undoing it. */
export const accountsPerCommandMax = 5_000;
export const changeSetBytesMax = 3 * 1_024 * 1_024;
/** Facts in one entry at most: a whole station's devices in one command. */
export const factsPerEntryMax = 20_000;
/** Lines of a file of accounts. */
export const accountRowsMax = 10_000;
/** The newest change sets, which can be undone. */
export const changeSetsKept = 8;
/** A pair and one more; a third that votes with data of its own is the last that the rules know. */
export const promotableServersMax = 3;
export const permanentServersMax = 4;
export const serversMax = 8;
/** Servers that were removed and are told so when they return; the oldest are forgotten. */
export const removedServersMax = 64;
export const policiesMax = 64;
export const passwordBytesMax = 1024;
export const passwordLengthMin = 4;
export const historyMax = 24;
export const attemptsMax = 100;
export const sourceAttemptsMax = 10_000;
export const graceMax = 10;
/** Words of its own that a policy refuses, and how long one is. */
export const policyWordsMax = 256;
export const policyWordMin = 3;
export const policyWordMax = 64;

/** Answers kept for retries: the newest this many requests (rule I11). */
export const requestsKept = 16_384;

/** First uidNumber: above the numbers that Linux distributions give to people and services. */
export const uidFirst = 10_000;

export const lockMax: Millis = day;
export const codeValidityMax: Millis = 7 * day;
export const deviceCodeValidityMax: Millis = 30 * day;
/** Each is journalled, and its row is kept: a device that renews in a loop is stopped. */
export const deviceCertificatesPerDayMax = 24;
/** How long the certificate that a device renewed with counts beside the new one at most. */
export const deviceOverlapMax: Millis = 7 * day;
export const inviteValidityMax: Millis = day;
export const inviteTries = 5;

/** A Standby that lost its Main signs in for this long after its accounts were last current. */
export const staleAgeMax: Millis = 14 * day;

/** A replica on a device warns after its soft age and refuses after its hard age (DV5). */
export const replicaSoftAge: Millis = day;
export const replicaHardAge: Millis = 14 * day;

/** Ranges of a policy's lock-out. */
export const windowMin: Millis = 10 * second;
export const windowMax: Millis = day;
export const lockMin: Millis = minute;
export const passwordAgeMin: Millis = day;
export const passwordAgeMax: Millis = 3_660 * day;
/** How long at most whoever chose a password has to keep it. */
export const passwordKeptMax: Millis = 365 * day;

/** Certificates and names that lead to one account (CS13). */
export const mappingsPerAccountMax = 16;
/** Peers that cannot carry certificates, and for how long at most one is let in unasked (CS7). */
export const legacyPeersMax = 256;
export const legacyEntryMax: Millis = 731 * day;

/**
 * Authorities above the issuing one, its root among them. With a leaf, the issuing one and one more
 * while the authority changes, no chain is longer than a peer looks at.
 */
export const issuersAboveMax = 3;
