import type { KeyObject, X509Certificate } from "node:crypto";
import { request } from "node:https";
import { nodeId } from "@gridward/core/base/identity";
import { systemClock } from "@gridward/runtime/os/clock";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { aDesk, type TestDesk } from "../../desk/a-desk.ts";
import { createEndpoints } from "../../desk/endpoints.ts";
import type { RefusedOrder } from "../../event-log.ts";
import type { MountedRoute } from "../../mounted-route.ts";
import type { HttpsParts, HttpsServer } from "./https-parts.ts";
import { serveHttps } from "./serve-https.ts";

/** For tests: the HTTPS front end on real TLS and a port of its own, over a desk of tests. */
export interface TestServer extends HttpsServer {
  readonly desk: TestDesk;
  readonly ca: string;
  readonly fingerprint: string;
  readonly defects: readonly unknown[];
  /** Orders of who is signed in that were refused. */
  readonly refused: readonly RefusedOrder[];
  /** One request, as a client would send it. */
  ask(method: string, path: string, more?: AskMore): Promise<TestAnswer>;
  /** Signs the administrator in, with the password `adminPassword`; gives the token. */
  administrator(): Promise<string>;
}

export interface AskMore {
  readonly token?: string;
  readonly body?: unknown;
  /** Sent as it stands instead of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Presented by the client. */
  readonly tls?: {
    readonly key?: string;
    readonly cert?: string;
    readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  };
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** The envelope; undefined where it is none. */
  readonly json: unknown;
}

export const adminPassword = "Bridge-over-7-rivers";

export async function aServer(
  choice: {
    readonly mounted?: readonly MountedRoute[];
    readonly desk?: TestDesk;
    readonly clients?: HttpsParts["clients"];
    readonly tlsFor?: HttpsParts["tlsFor"];
    readonly live?: HttpsParts["live"];
    readonly trial?: HttpsParts["trial"];
    readonly stillMs?: number;
    readonly handshakeMs?: number;
    /** Issuers of clients' certificates. */
    readonly anchors?: readonly string[];
  } = {},
): Promise<TestServer> {
  const authority = testAuthority("Hill", systemClock().now());
  const ca = authority.certificate.toString();
  const issued = authority.issue({
    profile: "server",
    name: { kind: "server", node: nodeId("A") },
    hosts: ["127.0.0.1", "localhost"],
  });
  const desk = choice.desk ?? aDesk({ authority: ca });
  const defects: unknown[] = [];
  const refused: RefusedOrder[] = [];
  const server = await serveHttps(
    {
      front: desk.front,
      sessions: desk.sessions,
      endpoints: createEndpoints(desk),
      mounted: choice.mounted ?? [],
      tlsFor: choice.tlsFor ?? (() => undefined),
      tls: { ...tlsOf(issued), ca: [...(choice.anchors ?? [])] },
      clients: choice.clients ?? {
        judge: () => ({ verdict: "ok", client: null }),
        objection: () => null,
      },
      limit: { most: 64, mostOfOne: 64, onTurnedAway: () => {} },
      trial: choice.trial ?? { count: 0 },
      live: choice.live ?? { enter: () => () => undefined },
      noteRefused: (told) => void refused.push(told),
      reportDefect: (_, error) => void defects.push(error),
    },
    { host: "127.0.0.1", port: 0, ...patienceOf(choice) },
  );
  const ask: TestServer["ask"] = async (method, path, more = {}) =>
    send({ port: server.port, ca, method, path }, more);
  return {
    ...server,
    desk,
    ca,
    fingerprint: issued.certificate.fingerprint256,
    defects,
    refused,
    ask,
    administrator: async () => administratorToken(desk, ask),
  };
}

function patienceOf({ stillMs, handshakeMs }: Patience): Patience {
  return { ...(stillMs && { stillMs }), ...(handshakeMs && { handshakeMs }) };
}

interface Patience {
  readonly stillMs?: number;
  readonly handshakeMs?: number;
}

export function tlsOf(issued: { readonly key: KeyObject; readonly certificate: X509Certificate }): {
  readonly key: string;
  readonly cert: string;
} {
  return { key: keyToPem(issued.key).reveal(), cert: issued.certificate.toString() };
}

async function administratorToken(desk: TestDesk, ask: TestServer["ask"]): Promise<string> {
  const code = desk.firstCode.reveal();
  const first = await ask("POST", "/v1/session", { body: { name: "admin", code } });
  const changed = await ask("POST", "/v1/session/password", {
    token: member(first.json, "data", "token"),
    body: { password: adminPassword },
  });
  return member(changed.json, "data", "session", "token");
}

/** Text deep in an answer; "" where there is none. */
export function member(value: unknown, ...path: readonly string[]): string {
  let found: unknown = value;
  for (const name of path) {
    found = typeof found === "object" && found !== null ? Reflect.get(found, name) : undefined;
  }
  return typeof found === "string" ? found : "";
}

interface Line {
  readonly port: number;
  readonly ca: string;
  readonly method: string;
  readonly path: string;
}

async function send(
  line: Line,
  { token, body, raw, headers = {}, tls }: AskMore,
): Promise<TestAnswer> {
  const text = raw ?? (body === undefined ? "" : JSON.stringify(body));
  const typed = body === undefined ? {} : { "content-type": "application/json" };
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const sent = request({
      ...line,
      ...tls,
      host: "127.0.0.1",
      agent: false,
      headers: {
        "content-length": String(Buffer.byteLength(text)),
        ...typed,
        ...bearer,
        ...headers,
      },
    });
    sent.once("error", reject);
    sent.once("response", (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.once("end", () => {
        const whole = Buffer.concat(pieces).toString();
        const { statusCode: status = 0 } = response;
        resolve({ status, headers: response.headers, text: whole, json: parse(whole) });
      });
    });
    sent.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
