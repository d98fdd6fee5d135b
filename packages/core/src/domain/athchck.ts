import { err, ok, type Result } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { parseRight, type RightLevel, type RightName, type RightsTemplate } from "./rights.ts";
import { coversArea, isInForce, roleName } from "./roles.ts";
import type { RoleAssignment } from "./types.ts";

/** Where an operation is asked for: at the device's own panel, over the network, or by a tool. */
export type AccessPointKind = "panel" | "remote" | "tool";

/** A right and how far it is needed: "Setting-Basic" wants all of it, "Setting-Basic:read" reads. */
export interface Operation {
  readonly right: RightName;
  readonly level: RightLevel;
}

/** Who is signed in at the device, as seen at one moment. */
export interface AuthoritySession {
  readonly name: string;
  readonly roles: readonly RoleAssignment[];
  /** Only a change of password is allowed. */
  readonly mustChange: boolean;
  readonly at: Instant;
  /** Role-to-right map that is loaded in the device. */
  readonly template: RightsTemplate;
}

/** The answer and its reason; both go to the audit trail (DV8). */
export type Verdict =
  | { readonly allow: true; readonly reason: string }
  | { readonly allow: false; readonly refusal: Refusal };

export function parseOperation(text: string): Result<Operation, Refusal> {
  const [name = "", level, ...rest] = text.split(":");
  const right = parseRight(name);
  if (right === undefined || rest.length > 0 || (level !== undefined && level !== "read")) {
    return refuse("access.unknown-operation", text.slice(0, 64));
  }
  return ok({ right, level: level ?? "full" });
}

/**
 * ATHCHCK (DV8): may this be done now? `object` is a path such as Station/Bay/IED; `session` is
 * null while nobody is signed in.
 */
export function check(
  session: AuthoritySession | null,
  accessPoint: AccessPointKind,
  operation: Operation,
  object: string,
): Verdict {
  // DV11: reading at the panel never needs a sign-in.
  if (accessPoint === "panel" && operation.level === "read") {
    return { allow: true, reason: "reading at the panel is free" };
  }
  if (session === null) {
    return { allow: false, refusal: { code: "access.no-session", detail: operation.right } };
  }
  if (session.mustChange) {
    return { allow: false, refusal: { code: "password.must-change", detail: session.name } };
  }
  if (accessPoint === "tool") {
    // Whoever reaches the device through a tool needs that right beside the operation's own.
    const access = findRole(session, { right: "DBAccess-Normal", level: "full" }, object);
    if (!access.ok) return { allow: false, refusal: access.error };
  }
  const found = findRole(session, operation, object);
  if (!found.ok) return { allow: false, refusal: found.error };
  const { role, area } = found.value;
  return { allow: true, reason: `${roleName(role)} in ${area} has ${operation.right}` };
}

/** IEC 62351-8: a single role is enough, if it is in force, has the right and covers the object. */
function findRole(
  session: AuthoritySession,
  { right, level }: Operation,
  object: string,
): Result<RoleAssignment, Refusal> {
  const levels = session.template.rights.get(right);
  const holders = session.roles.filter((assignment) => {
    const held = levels?.get(assignment.role);
    return isInForce(assignment, session.at) && (held === "full" || held === level);
  });
  const found = holders.find(({ area }) => coversArea(area, object));
  if (found !== undefined) return ok(found);
  const detail = `${session.name}: ${right} on ${object}`;
  return err({ code: holders.length > 0 ? "access.outside-area" : "access.no-right", detail });
}
