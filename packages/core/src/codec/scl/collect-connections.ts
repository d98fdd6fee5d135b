import type { SclAccessPoint } from "./scl-file.ts";
import type { SclNotes } from "./scl-notes.ts";
import { isIpv4, isIpv6, quoteSclText } from "./scl-text.ts";

/** A ConnectedAP element: how one access point of one IED is connected (IEC 61850-6, 9.4.4). */
export interface Connection {
  readonly device: string;
  readonly accessPoint: string;
  readonly subnetwork: string;
  /** Text of the P elements by their type; the first of each type counts. */
  readonly parameters: Map<string, string>;
}

export interface Connections {
  readonly add: (connection: Connection) => void;
  /** The access point with its address; each connection is handed out once. */
  readonly take: (device: string, accessPoint: string) => SclAccessPoint;
  /** Notes connections that no access point has taken. */
  readonly noteRest: () => void;
}

export function collectConnections(notes: SclNotes): Connections {
  const connections = new Map<string, Connection>();
  const users = new Map<string, string>();

  /** Notes an address that two access points of one subnetwork share. */
  function noteShared(connection: Connection, ip: string): void {
    const place = JSON.stringify([connection.subnetwork, ip]);
    const user = users.get(place);
    if (user === undefined) users.set(place, label(connection));
    else notes.add(`${user} and ${label(connection)} have the same address ${ip}.`);
  }

  return {
    add: (connection) => {
      const key = keyOf(connection.device, connection.accessPoint);
      if (connections.has(key)) {
        notes.add(`${label(connection)} is connected twice; the first connection counts.`);
      } else connections.set(key, connection);
    },
    take: (device, accessPoint) => {
      const key = keyOf(device, accessPoint);
      const connection = connections.get(key);
      if (connection === undefined) return { name: accessPoint };
      connections.delete(key);
      const found = readConnection(connection, notes);
      if (found.ip !== undefined) noteShared(connection, found.ip);
      return found;
    },
    noteRest: () => {
      for (const rest of connections.values()) {
        notes.add(`The connection of ${label(rest)} belongs to no access point of the file.`);
      }
    },
  };
}

function readConnection(connection: Connection, notes: SclNotes): SclAccessPoint {
  const { parameters } = connection;
  const read = (type: string, accepts: (text: string) => boolean): string | undefined => {
    const text = parameters.get(type);
    // Tools write 0.0.0.0 where no address has been assigned.
    if (text === undefined || text === "" || text === "0.0.0.0") return undefined;
    if (accepts(text)) return text;
    notes.add(`${label(connection)}: ${quoteSclText(text)} is no valid ${type}; left out.`);
    return undefined;
  };
  const { subnetwork } = connection;
  const ip = read("IP", isIpv4) ?? read("IPv6", isIpv6);
  const mask = read("IP-SUBNET", isIpv4);
  const gateway = read("IP-GATEWAY", isIpv4);
  return {
    name: connection.accessPoint,
    ...(subnetwork === "" ? {} : { subnetwork }),
    ...(ip === undefined ? {} : { ip }),
    ...(mask === undefined ? {} : { mask }),
    ...(gateway === undefined ? {} : { gateway }),
  };
}

function keyOf(device: string, accessPoint: string): string {
  return JSON.stringify([device, accessPoint]);
}

function label(connection: Connection): string {
  return `${quoteSclText(connection.device)} ${quoteSclText(connection.accessPoint)}`;
}
