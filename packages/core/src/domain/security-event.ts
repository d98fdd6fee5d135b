/** Data objects of the logical node GSAL (IEC 61850-7-4) that count security events. */
export type GsalClass = "Ina" | "AuthFail" | "AcsCtlFail" | "SvcViol";

/** As in RFC 5424 table 2, the worst first. */
export const severities = ["critical", "warning", "notice", "informational"] as const;
export type Severity = (typeof severities)[number];

export interface SecurityEventSpec {
  readonly acronym: string;
  /** null where no source gives one. */
  readonly gsal: GsalClass | null;
  readonly severity: Severity;
  readonly text: string;
  /** False: number or acronym is remembered, not read in a source. */
  readonly isVerified: boolean;
}

/** Stands for events which could not be kept. */
export const gapEvent = 0;

/**
 * Numbers of the Relion 670 2.2 catalogue, so that collectors which know it read us. One correction:
 * 2210, a success, counts under Ina and not under SvcViol as printed. Severities are ours. Ours
 * counts as that list does: what was done under Ina, whoever was turned away under AuthFail or
 * AcsCtlFail, what failed under SvcViol.
 */
export const securityEvents = {
  [gapEvent]: own("EVENTS_LOST", "SvcViol", "critical", "Events could not be kept or sent"),
  1110: row("LOGIN_OK", "Ina", "informational", "Sign-in accepted"),
  1115: row("LOGIN_OK_PW_EXPIRED", "Ina", "notice", "Sign-in accepted, password must be changed"),
  1120: row("LOGIN_FAIL_UNKNOWN_USER", "AuthFail", "warning", "Sign-in refused, unknown user"),
  1130: row("LOGIN_FAIL_WRONG_CR", "AuthFail", "warning", "Sign-in refused, wrong credentials"),
  1150: row("LOGIN_FAIL_PW_EXPIRED", "AuthFail", "warning", "Sign-in refused, password expired"),
  1170: row("LOGIN_FAIL_3_TIMES", "AuthFail", "warning", "Sign-in refused too often, user blocked"),
  1210: row("LOGOUT_USER", "Ina", "informational", "User signed out"),
  1220: row("LOGOUT_TIMEOUT", "Ina", "informational", "User signed out after inactivity"),
  1370: row("VIEW_SEC_EV_LIST_OK", "Ina", "informational", "Security events viewed"),
  1460: row("PARAM_CHANGE_FAIL_RIGHTS", "AcsCtlFail", "warning", "Operation refused, no right"),
  2110: row("USER_ACCNT_CREATE_OK", "Ina", "notice", "Account created"),
  2120: row("USER_ACCNT_DEL_OK", "Ina", "notice", "Account deleted"),
  2130: row("USER_ACCNT_CREATE_FAIL", "SvcViol", "warning", "Account not created"),
  2140: row("USER_ACCNT_DEL_FAIL", "SvcViol", "warning", "Account not deleted"),
  2160: row("USER_NEW_ROLE_OK", "Ina", "notice", "Role assigned"),
  2170: row("USER_ROLE_REMOVED_OK", "Ina", "notice", "Role removed"),
  2210: row("USER_PW_CHANGE_OK", "Ina", "notice", "Password changed"),
  2220: row("USER_PW_CHANGE_FAIL", "SvcViol", "warning", "Password not changed"),
  2233: row("USER_PW_CHANGE_FAIL_SHORT", "SvcViol", "warning", "New password too short"),
  2235: unverified("USER_PW_CHANGE_FAIL_POLICY", "warning", "New password violates the policy"),
  3810: unverified("CAM_SERVER_COMM_FAIL", "critical", "No account server or no replication"),
  // Numbers of our own from 20000 on, for what no vendor's list has.
  20010: own(
    "SERVER_STATE_CHANGED",
    "Ina",
    "notice",
    "Duty, state, term or ack set of this server changed",
  ),
  20020: own("LOCAL_ORDER", "Ina", "critical", "Order by the owner of the data directory"),
  20030: own("DEVICE_LINK", "Ina", "informational", "Device connected, disconnected or refused"),
  20040: own("DEVICE_REPORT", "Ina", "notice", "Device reported what it decided by itself"),
  20050: own("PAIR_ORDER", "Ina", "notice", "Changeover, promotion, invitation or address ordered"),
  20060: own("BACKUP", "Ina", "notice", "Backup written, failed or restored"),
  20070: own("ENROLMENT_FAIL", "AuthFail", "warning", "Enrolment of a device refused"),
  20080: own(
    "SECURITY_SETTINGS",
    "Ina",
    "warning",
    "Connection security set, confirmed or taken back",
  ),
  20090: own("CERTIFICATE", "Ina", "notice", "Certificate issued, replaced or revoked"),
  20100: own(
    "EXPIRY",
    "SvcViol",
    "warning",
    "Certificate, trust anchor or revocation list ends or has ended",
  ),
  20110: own(
    "CLIENT_REFUSED",
    "AuthFail",
    "warning",
    "Client refused for its certificate, or for want of one",
  ),
  20120: own(
    "PEER_ADMITTED",
    "Ina",
    "notice",
    "Certificate led to an account, or legacy peer admitted",
  ),
  20130: own(
    "PAIR_RECORD",
    "Ina",
    "notice",
    "Term, ack set, mode, servers or witness of the system changed",
  ),
  20140: own(
    "ACCOUNT_STATUS",
    "Ina",
    "notice",
    "Account enabled, disabled, locked, unlocked or in grace",
  ),
  20150: own("RIGHTS_CHANGED", "Ina", "notice", "Role-to-right map or private role changed"),
  20160: own("POLICY", "Ina", "notice", "Password policy set"),
  20170: own("GROUP", "Ina", "notice", "Replication group or its members changed"),
  20180: own("DEVICE", "Ina", "notice", "Device registered, enrolled or set"),
  20190: own("SYSTEM", "Ina", "notice", "System, its recovery key or its authorities changed"),
  20200: own("SET_ASIDE", "Ina", "warning", "Change of a left history kept"),
  20210: own("EVENTS_BROKEN", "SvcViol", "critical", "Security events were altered or removed"),
  20220: own("OPERATION_ALLOWED", "Ina", "informational", "Operation allowed"),
  20230: own("ONE_TIME_CODE", "Ina", "notice", "One-time code issued or used"),
  20240: own("ACCOUNT_SET", "Ina", "notice", "Accounts imported or changed as one, or that undone"),
} as const satisfies Record<number, SecurityEventSpec>;

export type SecurityEventNumber = keyof typeof securityEvents;

function row(
  acronym: string,
  gsal: GsalClass,
  severity: Severity,
  text: string,
): SecurityEventSpec {
  return { acronym, gsal, severity, text, isVerified: true };
}

/** Made here, so there is no source to read it in. */
function own(
  acronym: string,
  gsal: GsalClass,
  severity: Severity,
  text: string,
): SecurityEventSpec {
  return { acronym, gsal, severity, text, isVerified: true };
}

function unverified(acronym: string, severity: Severity, text: string): SecurityEventSpec {
  return { acronym, gsal: null, severity, text, isVerified: false };
}

const byNumber: ReadonlyMap<number, SecurityEventSpec> = new Map(
  Object.entries(securityEvents).map(([event, spec]) => [Number(event), spec]),
);

/** The row of a number, or undefined for a number that is not ours. */
export function findSecurityEvent(event: number): SecurityEventSpec | undefined {
  return byNumber.get(event);
}

/** Numbers of all events that are at least as bad. */
export function eventsFrom(worst: Severity): readonly number[] {
  const wanted: readonly Severity[] = severities.slice(0, severities.indexOf(worst) + 1);
  return [...byNumber].flatMap(([event, { severity }]) =>
    wanted.includes(severity) ? [event] : [],
  );
}
