import type { ServerOptions } from "node:https";
import type { RouteName } from "@gridward/core/api/routes";
import type { ClientGate } from "../../clients/client-gate.ts";
import type { Endpoint } from "../../desk/endpoint.ts";
import type { RefusedOrder } from "../../event-log.ts";
import type { MountedRoute } from "../../mounted-route.ts";
import type { ConnectionLimit } from "@gridward/runtime/os/connection-limit";
import type { FrontEndParts } from "../../parts.ts";
import type { LiveRegister } from "../../security/live-connections.ts";
import type { SignInTrial } from "../../security/sign-in-trial.ts";
import type { Sessions } from "../../session.ts";

/** What this front end is given. */
export interface HttpsParts {
  readonly front: FrontEndParts;
  readonly sessions: Sessions;
  readonly endpoints: Readonly<Record<RouteName, Endpoint>>;
  /** Protocols on the same port that speak their own bodies: EST. */
  readonly mounted: readonly MountedRoute[];
  readonly tls: HttpsTls;
  /** What is shown to who asks for a name of the server; undefined: as to anyone. */
  readonly tlsFor: (serverName: string) => HttpsTls | undefined;
  /** Asked for each request but those of routes that are open to all. */
  readonly clients: Pick<ClientGate, "judge" | "objection">;
  readonly limit: ConnectionLimit;
  /** CS17: under which change of the settings a connection began. */
  readonly trial: Pick<SignInTrial, "count">;
  /** CS8, CS16: what is open is judged again. */
  readonly live: LiveRegister;
  /** AM7: somebody who is signed in asked for what was refused. */
  readonly noteRefused: (refused: RefusedOrder) => void;
  /** A fault of ours while answering; `id` went to the peer. */
  readonly reportDefect: (id: string, error: unknown) => void;
}

export type HttpsTls = Pick<ServerOptions, "key" | "cert" | "ca" | "minVersion">;

export interface HttpsServer {
  readonly port: number;
  /** New handshakes use the new certificate; open connections go on. */
  replaceTls(tls: HttpsTls): void;
  close(): Promise<void>;
}
