import type { KeyObject, X509Certificate } from "node:crypto";
import { deviceId, groupId, requestId, type DeviceId } from "@gridward/core/base/identity";
import { err, ok } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { hour, type Millis } from "@gridward/core/base/time";
import { findAnswer } from "@gridward/core/domain/decide";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { ServerCondition } from "@gridward/core/domain/server-status";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { DeviceRow } from "@gridward/core/domain/types";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { createRenewal, createRequest } from "@gridward/runtime/trust/x509/request";
import { aSystem, type TestSystem } from "../../a-system.ts";
import { SeenRenewals } from "../../ca/seen-renewals.ts";
import type { MountedAnswer, MountedRequest, MountedRoute } from "../../mounted-route.ts";
import type { RefusedEnrolment } from "../../parts.ts";
import { codeFor, sealCode } from "../../one-time-code.ts";
import { estRoutes } from "./est-routes.ts";
import type { EstParts } from "./est-system.ts";

/** For tests: a system with the devices Q01 and Q02, and EST in front of it. */
export interface TestBay {
  readonly system: TestSystem;
  readonly routes: readonly MountedRoute[];
  readonly q01: () => DeviceRow;
  /** A code for Q01, as its package carries it. */
  issueCode(validity?: Millis): Secret<string>;
  /** Becomes Standby, and so on. */
  become(change: Partial<ServerCondition>): void;
  /** Q01 is lost, with its code still open: as if that had not been taken back with it. */
  loseQ01(): void;
  /** From now on every change ends so, without being made. */
  refuseChanges(refusal: Refusal): void;
  authorities(): Promise<MountedAnswer>;
  enrol(more: Partial<MountedRequest>): Promise<MountedAnswer>;
  renew(more: Partial<MountedRequest>): Promise<MountedAnswer>;
  /** What the link port tells of devices that connect. */
  readonly renewals: SeenRenewals;
  /** What an auditor was told of. */
  readonly refused: readonly RefusedEnrolment[];
}

export function aBay(start: number): TestBay {
  const system = aSystem(start);
  const { state, submit, now } = system.front;
  const group = groupId(freshId());
  const id = deviceId(freshId());
  system.order({ kind: "create-group", id: group, name: "bay1", description: "" });
  const devices = [newDevice(id, "Q01"), newDevice(deviceId(freshId()), "Q02")];
  system.order({ kind: "register-devices", devices, group });
  let condition: Partial<ServerCondition> = {};
  let refusal: Refusal | null = null;
  let isLost = false;
  const refused: RefusedEnrolment[] = [];
  const front: EstParts["front"] = {
    state: () => (isLost ? withLost(state(), id) : state()),
    now,
    condition: () => ({ ...soundCondition, node: system.self.node, at: now(), ...condition }),
    submit: async (order) => {
      // As with a journal, other requests are read meanwhile.
      await Promise.resolve();
      const known = findAnswer(state(), order.requestId);
      if (known !== undefined) return ok({ seq: known.seq, answer: known.answer });
      return refusal === null ? submit(order) : err(refusal);
    },
  };
  const renewals = renewalsSeen(system, front);
  const routes = estRoutes({
    systemKey: () => system.systemKey,
    isReplaced: (...of) => renewals.isReplaced(...of),
    record: (told) => void refused.push(told),
    front,
  });
  const [authorities, enrol, renew] = routes.map(({ answer }) => answer);
  if (!authorities || !enrol || !renew) throw new Error("EST has these routes");
  return {
    system,
    routes,
    renewals,
    refused,
    q01: () => {
      const device = state().tables.devices.get(id);
      if (!device) throw new Error("Q01 is registered");
      return device;
    },
    issueCode: (validity = 24 * hour) => {
      const code = codeFor(system.systemKey, "device enrolment", freshRequestId());
      const verifier = sealCode(system.systemKey, "device enrolment", code);
      system.order({ kind: "issue-device-code", id, verifier, expiresAt: now() + validity });
      return code;
    },
    become: (change) => void (condition = { ...condition, ...change }),
    loseQ01: () => void (isLost = true),
    refuseChanges: (given) => void (refusal = given),
    authorities: async () => authorities(aRequest({})),
    enrol: async (more) => enrol(aRequest(more)),
    renew: async (more) => renew(aRequest(more)),
  };
}

/** Without a second try. */
function renewalsSeen({ self: identity }: TestSystem, front: EstParts["front"]): SeenRenewals {
  const clock = { sleep: async () => new Promise<void>(() => {}) };
  return new SeenRenewals({ front, identity, clock, stop: new AbortController().signal });
}

function withLost(state: DirectoryState, id: DeviceId): DirectoryState {
  const device = state.tables.devices.get(id);
  if (!device) return state;
  const devices = state.tables.devices.set(id, { ...device, status: "lost" });
  return { ...state, tables: { ...state.tables, devices } };
}

const soundCondition = {
  duty: "lone",
  state: "lone",
  canSignIn: true,
  fresh: true,
  ageMs: 0,
} as const;

function newDevice(id: DeviceId, name: string) {
  const accessPoints = [{ name: "S1", ip: "10.0.0.7" }];
  return { id, name, manufacturer: "Hill", type: "BCU", accessPoints, area: "Hill" };
}

export function aRequest(more: Partial<MountedRequest>): MountedRequest {
  return {
    headers: {},
    body: new Uint8Array(),
    certificate: null,
    source: "127.0.0.1",
    requestId: requestId(freshId()),
    ...more,
  };
}

/** What a well-behaved device sends. */
export function anEnrolment(
  name: string,
  code: Secret<string>,
  key: KeyObject = createTlsKey(),
): Pick<MountedRequest, "headers" | "body"> {
  const credentials = Buffer.from(`${name}:${code.reveal()}`).toString("base64");
  return {
    headers: { authorization: `Basic ${credentials}`, "content-type": "application/pkcs10" },
    body: Buffer.from(Buffer.from(createRequest(key, "x")).toString("base64")),
  };
}

/** What a well-behaved device sends to renew, and shows in the handshake. */
export function aRenewal(
  certificate: X509Certificate,
  key: KeyObject = createTlsKey(),
): Pick<MountedRequest, "headers" | "body" | "certificate"> {
  return {
    headers: { "content-type": "application/pkcs10" },
    body: Buffer.from(Buffer.from(createRenewal(key, certificate)).toString("base64")),
    certificate: certificate.raw,
  };
}
