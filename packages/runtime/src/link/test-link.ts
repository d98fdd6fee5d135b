import type { KeyObject } from "node:crypto";
import { nodeId, type DeviceId, type NodeId } from "@gridward/core/base/identity";
import type { Instant, Millis } from "@gridward/core/base/time";
import { systemClock, type Clock } from "../os/clock.ts";
import { freshId } from "../os/random.ts";
import { createTemporary } from "../trust/temporary.ts";
import { testAuthority, type TestAuthority } from "../trust/test-authority.ts";
import {
  createSigningKey,
  createTlsKey,
  pairingKeyFromText,
  pairingKeyText,
} from "../trust/x509/keys.ts";
import type { DialOptions } from "./dial.ts";
import type { LinkIdentity } from "./identity.ts";
import { type LinkSettings, strictLink } from "./link-settings.ts";
import type { LinkOutcome, VerifiedPeer } from "./peer.ts";
import { serveLink, type LinkServer, type Refused, type ServeOptions } from "./serve.ts";

/** Identities and servers for tests of the link: everything valid unless a test says otherwise. */
export const validating: LinkSettings = strictLink;

export const trustedAuthority: TestAuthority = testAuthority("Ours", systemClock().now());

export function serverIdentity(change: Partial<Omit<LinkIdentity, "name">> = {}): LinkIdentity & {
  readonly node: NodeId;
  readonly name: { readonly kind: "server"; readonly node: NodeId };
  readonly pairingKey: KeyObject;
} {
  const node = nodeId(freshId());
  const issued = trustedAuthority.issue({ profile: "server", name: { kind: "server", node } });
  return {
    node,
    name: { kind: "server", node },
    certificate: issued.certificate,
    issuers: [],
    key: issued.key,
    anchors: [trustedAuthority.certificate.toString()],
    lists: [],
    ...change,
    pairingKey: createSigningKey(),
  };
}

export function deviceIdentity(device: DeviceId, now?: Instant): LinkIdentity {
  const issued = trustedAuthority.issue({
    profile: "device",
    name: { kind: "device", device },
    ...(now === undefined ? {} : { now }),
  });
  return {
    name: { kind: "device", device },
    certificate: issued.certificate,
    issuers: [],
    key: issued.key,
    anchors: [trustedAuthority.certificate.toString()],
    lists: [],
    pairingKey: null,
  };
}

/** The same server, with a temporary certificate in place of its own. */
export function withTemporary<Identity extends LinkIdentity & { readonly node: NodeId }>(
  identity: Identity,
): Identity {
  const key = createTlsKey();
  const now = systemClock().now();
  const certificate = createTemporary({ key, node: identity.node, name: "A", hosts: [], now });
  return { ...identity, key, certificate };
}

function publicKeyOf(pairingKey: KeyObject): KeyObject | undefined {
  return pairingKeyFromText(pairingKeyText(pairingKey));
}

export interface TestServer extends LinkServer {
  /** The next verified peer. */
  peer(): Promise<VerifiedPeer>;
  /** The next partner refused, or refusing us. */
  refused(): Promise<Refused>;
}

export async function testServer(
  identity: LinkIdentity,
  partner: { readonly node: NodeId; readonly pairingKey: KeyObject } | undefined,
  change: Partial<ServeOptions> = {},
): Promise<TestServer> {
  const peers = queue<VerifiedPeer>();
  const refusals = queue<Refused>();
  const server = await serveLink({
    protocols: ["gridward-partner/1", "gridward-replica/1", "gridward-diag/1"],
    host: "127.0.0.1",
    port: 0,
    identity: () => identity,
    settings: () => validating,
    admission: {
      partnerKey: (node) =>
        partner !== undefined && node === partner.node
          ? publicKeyOf(partner.pairingKey)
          : undefined,
      isEnrolled: () => false,
    },
    onPeer: peers.put,
    onRefused: refusals.put,
    onContact: () => Promise.resolve(),
    clock: systemClock(),
    ...change,
  });
  return { ...server, peer: peers.take, refused: refusals.take };
}

export function dialOptions(
  identity: LinkIdentity,
  server: { readonly node: NodeId; readonly pairingKey: KeyObject },
  port: number,
): DialOptions {
  return {
    protocol: "gridward-partner/1",
    address: "127.0.0.1",
    port,
    identity,
    settings: validating,
    expectedNode: server.node,
    partnerKey: publicKeyOf(server.pairingKey) ?? null,
    clock: systemClock(),
    stop: new AbortController().signal,
  };
}

/** An outcome in a few words: "verified", or "T01 by us". */
export function brief(outcome: LinkOutcome): string {
  return outcome.outcome === "verified" ? "verified" : `${outcome.cause} by ${outcome.by}`;
}

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  advance(duration: Millis): void;
}

export function manualClock(start: Instant): ManualClock {
  let now = start;
  let sleepers: { readonly until: Instant; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    async sleep(duration, stop) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const wake = (): void => resolve(undefined);
      if (stop?.aborted === true) wake();
      stop?.addEventListener("abort", wake);
      sleepers.push({ until: now + duration, wake });
      await promise;
    },
    advance(duration) {
      now += duration;
      const due = sleepers.filter(({ until }) => until <= now);
      sleepers = sleepers.filter(({ until }) => until > now);
      for (const { wake } of due) wake();
    },
  };
}

interface Queue<Value> {
  put: (value: Value) => void;
  take: () => Promise<Value>;
}

function queue<Value>(): Queue<Value> {
  const values: Value[] = [];
  const takers: ((value: Value) => void)[] = [];
  return {
    put(value) {
      const taker = takers.shift();
      if (taker === undefined) values.push(value);
      else taker(value);
    },
    async take() {
      const value = values.shift();
      if (value !== undefined) return value;
      const { promise, resolve } = Promise.withResolvers<Value>();
      takers.push(resolve);
      return promise;
    },
  };
}
