import { rfc3339, type Instant } from "../base/time.ts";
import { check, type AccessPointKind, type Operation } from "./athchck.ts";
import { isLockedAt } from "./lock-out.ts";
import { hasCertificate } from "./mapping.ts";
import { passwordEnd } from "./policies.ts";
import { nameOfRole } from "./private-roles.ts";
import { judgeMembers } from "./projection.ts";
import { defaultMapName, rightsMapOfType, templateOfMap } from "./rights-map.ts";
import type { RightsTemplate } from "./rights.ts";
import { coversArea, isPastItsRoles } from "./roles.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type { AccountRow, DeviceRow, RoleAssignment, RightsMapRow } from "./types.ts";

/** May X do Y on Z? */
export interface AccessQuestion {
  readonly account: AccountRow;
  readonly operation: Operation;
  readonly accessPoint: AccessPointKind;
  readonly device: DeviceRow | null;
  /** A path such as Station/Bay/IED; "*" is the whole system. */
  readonly object: string;
  readonly at: Instant;
}

/** One thing that speaks for it or against it, as a sentence. */
export interface AccessReason {
  readonly about: "sign-in" | "role" | "right" | "device" | "replica";
  readonly speaks: "for" | "against";
  readonly says: string;
}

export interface AccessExplained {
  /** While a server answers. */
  readonly allowed: boolean;
  /** While none answers, by the device's replica; null where no device is named. */
  readonly offline: boolean | null;
  readonly map: RightsMapRow;
  readonly reasons: readonly AccessReason[];
}

/**
 * May this account do that there, and why (AM2)? The verdict is that of ATHCHCK over the account as
 * it stands; the reasons are everything that would have to change for another one.
 */
export function explainAccess(state: DirectoryState, question: AccessQuestion): AccessExplained {
  const { operation, accessPoint, device } = question;
  const map = rightsMapOfType(state, device?.type ?? defaultMapName);
  if (accessPoint === "panel" && operation.level === "read") {
    const reasons = [reason("right", true, "Reading at the panel needs no sign-in.")];
    return { allowed: true, offline: device && true, map, reasons };
  }
  return explainSession(state, { ...question, map, template: templateOfMap(map) });
}

function explainSession(state: DirectoryState, question: MappedQuestion): AccessExplained {
  const { account, operation, accessPoint, device, object, at, map, template } = question;
  const { name, roles } = account;
  const obstacles = signInObstacles(state, account, at);
  const away = device === null ? [] : deviceObstacles(device);
  const kept = device === null ? [] : [replicaReason(state, account, device)];
  const session = { name, roles, mustChange: mustChangeFirst(account), at, template };
  const { allow } = check(session, accessPoint, operation, object);
  const isKept = account.password !== null && kept.every(({ speaks }) => speaks === "for");
  const mayHere = allow && obstacles.length === 0;
  return {
    allowed: mayHere && away.length === 0,
    // A device takes no certificate from a person, so without a password nobody comes in there.
    offline: device === null ? null : mayHere && isKept,
    map,
    reasons: [...obstacles, ...away, ...roleReasons(state, question), ...kept],
  };
}

/** What a device asks for when it names no object: itself, as the place where its areas end. */
export function objectOfDevice(state: DirectoryState, { name }: DeviceRow): string {
  return `${state.tables.system.get(singleKey)?.site ?? ""}/${name}`;
}

function reason(about: AccessReason["about"], isFor: boolean, says: string): AccessReason {
  return { about, speaks: isFor ? "for" : "against", says };
}

/** From its one-time code or a set password an account may do nothing but change it. */
function mustChangeFirst({ password }: AccountRow): boolean {
  return password?.mustChange === true;
}

/** Each thing that keeps the account from signing in, or from doing anything then. */
function signInObstacles(
  state: DirectoryState,
  account: AccountRow,
  at: Instant,
): readonly AccessReason[] {
  const { name, password } = account;
  const says: string[] = [];
  if (!account.enabled) says.push(`The account ${name} is disabled.`);
  if (account.lockedUntil !== null && isLockedAt(account, at)) {
    says.push(`The account ${name} is locked until ${rfc3339(account.lockedUntil)}.`);
  }
  if (password === null && !hasCertificate(state, account.id)) {
    says.push(`The account ${name} has no password, and no certificate leads to it.`);
  }
  const end = passwordEnd(account, state.tables.policies.get(account.policy));
  if (end !== null && end <= at) says.push(`The password of ${name} ended at ${rfc3339(end)}.`);
  if (mustChangeFirst(account)) {
    says.push(`The password of ${name} must be changed before anything else is allowed.`);
  }
  if (isPastItsRoles(account, at)) {
    says.push(`No role of ${name} is within its dates, so the account does not sign in.`);
  }
  return says.map((text) => reason("sign-in", false, text));
}

function deviceObstacles({ name, status }: DeviceRow): readonly AccessReason[] {
  if (status === "enrolled") return [];
  const says =
    status === "lost"
      ? `The device ${name} is lost: no server signs anybody in for it.`
      : `The device ${name} is not enrolled yet: it has no connection to a server.`;
  return [reason("device", false, says)];
}

/** AM4: what holds while no server answers. */
function replicaReason(
  state: DirectoryState,
  account: AccountRow,
  device: DeviceRow,
): AccessReason {
  const group = state.tables.groups.get(device.group)?.name ?? device.group;
  const offline = "while no server answers";
  if (device.status !== "enrolled") {
    return reason("replica", false, `${device.name} holds no replica: nobody signs in ${offline}.`);
  }
  if (!device.replication.enabled) {
    return reason(
      "replica",
      false,
      `Replication to ${device.name} is off: nobody signs in ${offline}.`,
    );
  }
  const judged = judgeMembers(state, device.group).find((one) => one.account.id === account.id);
  if (judged === undefined) {
    const says = `${account.name} is not in the group ${group} of ${device.name}: no sign-in ${offline}.`;
    return reason("replica", false, says);
  }
  const { replicated, reason: word } = judged;
  const verb = replicated ? "is" : "is not";
  const says = `${account.name} ${verb} on ${device.name} ${offline}: ${word} (group ${group}).`;
  return reason("replica", replicated, says);
}

interface MappedQuestion extends AccessQuestion {
  readonly template: RightsTemplate;
  readonly map: RightsMapRow;
}

function roleReasons(state: DirectoryState, question: MappedQuestion): readonly AccessReason[] {
  const { account, accessPoint, operation } = question;
  if (account.roles.length === 0) {
    return [reason("role", false, `The account ${account.name} has no role.`)];
  }
  const reasons = account.roles.map((role) => judgeRole(state, question, role));
  if (accessPoint !== "tool" || operation.right === "DBAccess-Normal") return reasons;
  // A tool needs that right beside the operation's own.
  const access = { ...question, operation: { right: "DBAccess-Normal", level: "full" } } as const;
  const judged = account.roles.map((role) => judgeRole(state, access, role));
  if (judged.some(({ speaks }) => speaks === "for")) return reasons;
  const says = "Through a tool DBAccess-Normal is needed as well, and no role gives it here.";
  return [...reasons, reason("right", false, says)];
}

/** What one role does, or the first thing for which it does not. */
function judgeRole(
  state: DirectoryState,
  { operation, object, at, template, map }: MappedQuestion,
  { role, area, notBefore, notAfter }: RoleAssignment,
): AccessReason {
  const { right, level } = operation;
  const name = nameOfRole(state, role);
  const place = area === "*" ? "everywhere" : `in ${area}`;
  const by = `by the map ${map.name} at revision ${map.revision}`;
  if (notBefore !== null && at < notBefore) {
    return reason("role", false, `${name} ${place} begins at ${rfc3339(notBefore)}.`);
  }
  if (notAfter !== null && at >= notAfter) {
    return reason("role", false, `${name} ${place} ended at ${rfc3339(notAfter)}.`);
  }
  const held = template.rights.get(right)?.get(role);
  if (held === undefined) return reason("right", false, `${name} does not have ${right}, ${by}.`);
  if (held !== "full" && held !== level) {
    return reason("right", false, `${name} has ${right} to read only, ${by}.`);
  }
  if (!coversArea(area, object)) {
    const where = object === "*" ? "the whole system" : object;
    return reason("role", false, `${name} has ${right}, but holds ${place}, not for ${where}.`);
  }
  return reason("role", true, `${name} ${place} has ${right}, ${by}.`);
}
