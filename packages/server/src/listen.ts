import { offeredDevice } from "./approvals/offer-peers.ts";
import { crlRoute } from "./ca/crl-route.ts";
import { ocspRoutes } from "./ca/ocsp-route.ts";
import type { ClientGate } from "./clients/client-gate.ts";
import { openClients } from "./clients/open-clients.ts";
import { createEndpoints } from "./desk/endpoints.ts";
import { changeOwnPassword } from "./desk/change-own-password.ts";
import type { DeskParts } from "./desk/desk-parts.ts";
import { localEndpoints } from "./desk/local-endpoints.ts";
import type { ServerConfig } from "@gridward/core/codec/server-config";
import { version } from "@gridward/core/base/version";
import { ok, type Result } from "@gridward/core/base/result";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import { errorCode } from "@gridward/runtime/os/files";
import { localSocketPath } from "@gridward/runtime/os/local-socket";
import { enrolmentServerName } from "@gridward/runtime/trust/enrolment-name";
import { unseal } from "@gridward/runtime/os/seal";
import type { House } from "./compose.ts";
import { estRoutes } from "./frontends/est/est-routes.ts";
import { serveHttps } from "./frontends/https/serve-https.ts";
import { serveLdap } from "./frontends/ldap/serve-ldap.ts";
import { serveLocal } from "./frontends/local/serve-local.ts";
import { replicaKeyPurpose } from "./found-system.ts";
import { openLinkPort } from "./link-port.ts";
import { answerJoins } from "./pair/answer-join.ts";
import { admitServer } from "./pair/removal.ts";
import { type ReplicaServer, serveReplica } from "./replica/serve-replica.ts";
import { openPassword } from "./sealed-password.ts";
import { tellDevices, tellEnrolments, tellRefusedOrders } from "./tell-peers.ts";

export interface ListenOrder {
  readonly directory: string;
  readonly config: ServerConfig;
  readonly house: House;
  readonly user: string;
  readonly note: (text: string) => void;
  readonly stop: AbortSignal;
}

/** All doors of a server, open. */
export interface Listening {
  readonly ports: {
    readonly https: number;
    readonly link: number;
    readonly ldaps: number;
    /** Without TLS; absent where it is off. */
    readonly ldap?: number;
  };
  /** New handshakes show the certificate of now. */
  readonly refresh: () => void;
  readonly close: () => Promise<void>;
}

interface DoorOrder extends ListenOrder {
  readonly clients: ClientGate;
  readonly devices: ReplicaServer;
}

interface Door {
  readonly port: number;
  readonly clearPort?: number;
  readonly refresh: () => void;
  readonly close: () => Promise<void>;
}

const closedDoor: Door = { port: 0, refresh: () => {}, close: () => Promise.resolve() };

/** Opens every port that is not switched off; one that is in use is named, and all are closed. */
export async function listen(order: ListenOrder): Promise<Result<Listening, Refusal>> {
  const { ports } = order.config;
  const replica = openReplica(order);
  const doors = { ...order, clients: openClients(order.house), devices: replica };
  const opened: Door[] = [];
  const open = async (port: number, door: () => Promise<Door>): Promise<Door> => {
    const made = port === 0 ? closedDoor : await door();
    opened.push(made);
    return made;
  };
  const close = async (): Promise<void> => {
    replica.stop();
    await Promise.all(opened.map((door) => door.close()));
  };
  try {
    const link = await open(ports.link, async () => openLink({ ...doors, replica }));
    const https = await open(ports.https, async () => openHttps(doors));
    const directory = await open(ports.ldaps || ports.ldap, async () => openLdap(doors));
    await open(1, async () => openLocal(doors));
    const refresh = (): void => {
      for (const door of opened) door.refresh();
    };
    const ldap = directory.clearPort ?? 0;
    const bound = { https: https.port, link: link.port, ldaps: directory.port };
    return ok({ ports: { ...bound, ...(ldap > 0 && { ldap }) }, refresh, close });
  } catch (error) {
    await close();
    return refusedDoor(order.config.listen, error);
  }
}

function refusedDoor(address: string, error: unknown): Result<never, Refusal> {
  const said = error instanceof Error ? error.message : "";
  switch (errorCode(error)) {
    case "EADDRINUSE":
      return refuse("config.port-in-use", said);
    case "EACCES":
      return refuse("config.port-not-allowed", said);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return refuse("config.bad-value", `listen: ${address} is no address of this machine`);
    default:
      throw error;
  }
}

function openReplica({ house, note }: ListenOrder): ReplicaServer {
  const { front, identity, pair, events, clock, listeners } = house;
  const replica = serveReplica({
    committed: () => {
      const { ledger } = pair.conductor;
      return ledger ? { state: ledger.state, position: ledger.committed } : null;
    },
    condition: front.condition,
    signIn: front.signIn,
    openReplicaKey: (sealed) => {
      const { systemKey } = identity;
      return systemKey
        ? unseal(systemKey, replicaKeyPurpose, sealed)
        : { ok: false, error: "this server has no system key" };
    },
    openVerifier: (sealed) => {
      const { systemKey } = identity;
      return systemKey
        ? openPassword(systemKey, sealed)
        : { ok: false, error: "this server has no system key" };
    },
    signer: () => identity.signer,
    limit: house.doors.limit("devices"),
    observe: tellDevices(events, () => clock.now(), note),
    clock,
  });
  listeners.add(() => replica.changed());
  return replica;
}

async function openLink(order: ListenOrder & { readonly replica: ReplicaServer }): Promise<Door> {
  const { house, config, replica, stop } = order;
  const { identity, pair, front, clock, known, security } = house;
  const { node, name, pairingKey } = identity;
  const contacts = answerJoins({
    self: { node, name, pairingKey },
    systemKey: () => identity.systemKey,
    front,
    clock,
  });
  return openLinkPort(
    {
      identity,
      state: front.state,
      known: () => known.rows,
      live: security.connections,
      onLegacy: (peer) => house.legacy.noteLink(peer),
      postures: security.postures,
      proposed: security.proposed,
      onServer: (peer) => {
        if (admitServer(front.state(), peer)) pair.wire.accept(peer);
      },
      onDevice: (peer) => replica.accept(peer),
      renewals: house.renewals,
      onUnknownDevice: (unknown) => house.approvals.offer(offeredDevice(unknown)),
      onRefused: (outcome) => {
        if (outcome.caller !== undefined) pair.wire.noteRefused(outcome.caller, outcome);
      },
      onContact: contacts,
      clock,
      stop,
    },
    { host: config.listen, port: config.ports.link },
  );
}

function deskOf({ house, devices }: DoorOrder): DeskParts {
  const { front, operator, sessions, hasher, events, backups, security, identity } = house;
  const { legacy, approvals } = house;
  return {
    front,
    operator,
    sessions,
    hasher,
    systemKey: () => identity.systemKey,
    events: events.reader,
    refusals: events,
    backups,
    security,
    devices,
    legacy,
    approvals,
  };
}

async function openHttps(order: DoorOrder): Promise<Door> {
  const { house, config, note, clients } = order;
  const { front, sessions, identity } = house;
  const tls = (shown = identity.tls) => {
    const { key, certificate, minVersion } = shown;
    // An empty list, not an absent one: Node would fall back to the roots of the public web.
    const ca = [...identity.anchors];
    return { key: key.reveal(), cert: certificate, ca, minVersion };
  };
  const server = await serveHttps(
    {
      front,
      sessions,
      endpoints: createEndpoints(deskOf(order)),
      clients,
      mounted: [
        ...estRoutes({
          front,
          systemKey: () => identity.systemKey,
          isReplaced: (...of) => house.renewals.isReplaced(...of),
          record: tellEnrolments(house.events, front.now),
        }),
        crlRoute(front),
        ...ocspRoutes({ front, systemKey: () => identity.systemKey }),
      ],
      tls: tls(),
      tlsFor: (name) => (name === enrolmentServerName ? tls(identity.tlsForEnrolment) : undefined),
      limit: house.doors.limit("https"),
      trial: house.security.trial,
      live: house.security.connections,
      noteRefused: tellRefusedOrders(house.events, front.now),
      reportDefect: (id, error) => note(`defect ${id}: ${String(error)}`),
    },
    { host: config.listen, port: config.ports.https },
  );
  return {
    port: server.port,
    refresh: () => server.replaceTls(tls()),
    close: async () => server.close(),
  };
}

async function openLdap({ house, config, clients }: DoorOrder): Promise<Door> {
  const { front, identity, legacy, clock, hasher, events } = house;
  const passwords = { front, hasher, systemKey: () => identity.systemKey, refusals: events };
  const shown = () => ({ ...identity.tls, anchors: identity.anchors });
  const server = await serveLdap(front, {
    host: config.listen,
    port: config.ports.ldaps === 0 ? null : config.ports.ldaps,
    ...(config.ports.ldap > 0 && {
      clear: {
        port: config.ports.ldap,
        isLegacy: (address, settings) => legacy.isAllowed(address, settings),
        noteSignIn: (address: string, account: string) => legacy.noteSignIn(address, account),
      },
    }),
    identity: shown(),
    clients,
    clock,
    limit: house.doors.limit("ldaps"),
    live: house.security.connections,
    version,
    changePassword: async (change) => {
      const done = await changeOwnPassword(passwords, change);
      return done.ok ? null : done.error;
    },
    note: () => {}, // Strangers who break off are no news; sign-ins are security events.
  });
  return {
    port: server.port,
    clearPort: server.clearPort,
    refresh: () => server.useIdentity(shown()),
    close: async () => server.close(),
  };
}

async function openLocal(order: DoorOrder): Promise<Door> {
  const { house, directory, user, note } = order;
  const server = await serveLocal(
    {
      front: house.front,
      endpoints: localEndpoints(deskOf(order)),
      user,
      reportUse: (use) => house.events.onLocalUse(use),
      reportDefect: (id, error) => note(`defect ${id}: ${String(error)}`),
    },
    localSocketPath(directory),
  );
  return { port: 0, refresh: () => {}, close: async () => server.close() };
}
