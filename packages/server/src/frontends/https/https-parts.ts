import type { ServerOptions } from "node:https";
import type { RouteName } from "@gridward/core/api/routes";
import type { Bytes } from "@gridward/core/base/bytes";
import type { RequestId } from "@gridward/core/base/identity";
import type { Endpoint } from "../../desk/endpoint.ts";
import type { FrontEndParts } from "../../parts.ts";
import type { Sessions } from "../../session.ts";

/** What this front end is given. */
export interface HttpsParts {
  readonly front: FrontEndParts;
  readonly sessions: Sessions;
  readonly endpoints: Readonly<Record<RouteName, Endpoint>>;
  /** Protocols on the same port that speak their own bodies: EST. */
  readonly mounted: readonly MountedRoute[];
  readonly tls: HttpsTls;
  /** A fault of ours while answering; `id` went to the peer. */
  readonly reportDefect: (id: string, error: unknown) => void;
}

export type HttpsTls = Pick<ServerOptions, "key" | "cert" | "ca">;

export interface MountedRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly answer: (request: MountedRequest) => Promise<MountedAnswer>;
}

export interface MountedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Bytes;
  /** DER, as presented and not yet judged; null where the peer presented none. */
  readonly certificate: Bytes | null;
  readonly source: string;
  readonly requestId: RequestId;
}

export interface MountedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Bytes;
}

export interface HttpsServer {
  readonly port: number;
  /** New handshakes use the new certificate; open connections go on. */
  replaceTls(tls: HttpsTls): void;
  close(): Promise<void>;
}
