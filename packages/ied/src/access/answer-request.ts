import { Secret } from "@gridward/core/base/secret";
import { day, rfc3339, second } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import { roleName } from "@gridward/core/domain/roles";
import { fingerprintOf, notAfterOf } from "@gridward/runtime/trust/x509/read";
import type { SessionView, SignInResult } from "../authority/authority.ts";
import type { CertificateRenewer } from "../certificate-renewer.ts";
import type { DeviceChange, DeviceConfig } from "../config.ts";
import type { Device } from "../device.ts";
import { warningsOf } from "../device-status.ts";
import type { DeviceIdentity } from "../own-certificate.ts";
import { readAnchorsText, type TrustAnchors } from "../trust-anchors.ts";
import type { ChangeRequest, LocalAnswer, LocalRequest } from "./request.ts";

export interface AnswerParts {
  readonly device: Device;
  readonly name: string;
  readonly renewer: CertificateRenewer;
  readonly anchors: TrustAnchors;
  /** Keeps what was set in the configuration as well. */
  readonly save: (change: DeviceChange) => void;
  /** As they stand in the configuration now. */
  readonly servers: () => DeviceConfig["servers"];
}

/** One request of the panel or a verb, answered by the running device. */
export async function answerRequest(
  parts: AnswerParts,
  request: LocalRequest,
): Promise<LocalAnswer> {
  const { device } = parts;
  switch (request.verb) {
    case "status": {
      const status = device.status();
      return answered(parts, { ...status, servers: [...status.servers] });
    }
    case "athstat":
      return answered(parts, { ...device.authority.outputs() });
    case "certificates":
      return answered(parts, [...device.certificates()]);
    case "session": {
      const view = device.authority.session(request.name, request.isUsed);
      return view === undefined
        ? refused({ code: "access.no-session", detail: request.name })
        : answered(parts, sessionAnswer(view));
    }
    case "login": {
      const { name } = request;
      const password = new Secret(request.password);
      const result = await device.authority.signIn({ name, password, accessPoint: "panel" });
      return signInAnswer(parts, result);
    }
    case "logout": {
      const ended = device.authority.signOut(request.name);
      return ended === 0
        ? refused({ code: "access.no-session", detail: request.name ?? "" })
        : answered(parts, { ended });
    }
    case "check": {
      const { name, right, object } = request;
      const verdict = device.authority.check(name, right, object, "panel");
      return verdict.allow
        ? answered(parts, { allow: true, reason: verdict.reason })
        : refused(verdict.refusal);
    }
    case "renew": {
      const { package: given } = request;
      if (given !== null) parts.anchors.admit(readAnchorsText(given.anchor));
      const renewed = await parts.renewer.renew(given && new Secret(given.code));
      return renewed.ok
        ? answered(parts, certificateAnswer(renewed.value))
        : refused(renewed.error);
    }
    case "set":
      return setOne(parts, request.change);
  }
}

/** What people are told of the certificate that the device has now. */
export function certificateAnswer({ certificate }: DeviceIdentity): {
  readonly fingerprint: string;
  readonly not_after: string;
} {
  const [fingerprint, notAfter] = [fingerprintOf(certificate), notAfterOf(certificate)];
  return { fingerprint, not_after: rfc3339(notAfter) };
}

function setOne(parts: AnswerParts, change: ChangeRequest): LocalAnswer {
  switch (change.key) {
    case "replica_interval":
      parts.device.setInterval(change.value);
      parts.save({ replica_interval: change.value });
      return answered(parts, { replica_interval: change.value });
    case "display_timeout":
      parts.device.authority.setDisplayTimeout(change.value);
      parts.save({ display_timeout: change.value });
      return answered(parts, { display_timeout: change.value });
    case "revocation":
      return setRevocation(parts, change);
    case "cost":
      return setCosts(parts, new Map(Object.entries(change.value)));
  }
}

function setRevocation(
  parts: AnswerParts,
  change: Extract<ChangeRequest, { readonly key: "revocation" }>,
): LocalAnswer {
  const { device } = parts;
  if (change.value === "hard" && device.listStatus().state !== "current") {
    return refused({ code: "device.no-list", detail: "" });
  }
  device.setRevocation(change.value);
  parts.save({ revocation: change.value });
  return answered(parts, { revocation: change.value });
}

/** CS3: all that are named, or none where one is not a server of this device. */
function setCosts(parts: AnswerParts, costs: ReadonlyMap<string, number>): LocalAnswer {
  const known = parts.servers();
  const stranger = [...costs.keys()].find((name) => known.every((each) => each.name !== name));
  if (stranger !== undefined) return refused({ code: "device.no-such-server", detail: stranger });
  const servers = known.map((server) => {
    const cost = costs.get(server.name) ?? server.cost;
    return cost === undefined ? server : { ...server, cost };
  });
  parts.save({ servers });
  parts.device.setCosts(costs);
  return answered(parts, {
    servers: parts.device.status().servers.map(({ name, cost }) => ({ name, cost })),
  });
}

function signInAnswer(parts: AnswerParts, result: SignInResult): LocalAnswer {
  if (!result.accepted) return { ...refused(result.refusal), event: result.event };
  const { session, fresh, event, expiresAt } = result;
  const now = parts.device.replica.time();
  const warnings = session.mustChange ? ["The password must be changed before anything else."] : [];
  const granted = {
    session: session.id,
    account: session.account.name,
    roles: session.roles.map(({ role, area }) => ({ role: roleName(role), area })),
    source: session.source,
    fresh,
    event,
    days_left: expiresAt === null ? null : Math.max(0, Math.floor((expiresAt - now) / day)),
  };
  return answered(parts, granted, warnings);
}

function sessionAnswer({ session, rights, left }: SessionView) {
  const { account, roles, source, mustChange } = session;
  return {
    account: account.name,
    roles: roles.map(({ role, area }) => ({ role: roleName(role), area })),
    rights: [...rights].map(([right, level]) => ({ right, level })),
    source,
    must_change: mustChange,
    left_s: Math.max(0, Math.floor(left / second)),
  };
}

function answered(
  { device, name, renewer }: AnswerParts,
  data: Extract<LocalAnswer, { readonly ok: true }>["data"],
  warnings: readonly string[] = [],
): LocalAnswer {
  const own = renewer.warning();
  const standing = [...warningsOf(device.replica), ...(own === null ? [] : [own])];
  return { ok: true, device: name, data, warnings: [...warnings, ...standing] };
}

function refused({ code, detail }: Refusal): Extract<LocalAnswer, { readonly ok: false }> {
  return { ok: false, code, detail, event: null };
}
