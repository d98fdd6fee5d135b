import { createServer, type IncomingMessage } from "node:http";
import { concat, type Bytes } from "@gridward/core/base/bytes";
import { parseJsonBytes } from "@gridward/core/base/json";
import { listenLocally } from "@gridward/runtime/os/local-listener";
import { localRequest, requestBytesMax, type LocalAnswer, type LocalRequest } from "./request.ts";

const connectionsMax = 32;
const requestTimeoutMs = 30_000;

export interface LocalServer {
  close(): Promise<void>;
}

/** The device's local socket: whoever may connect sits at the device. */
export async function serveLocal(
  path: string,
  answer: (request: LocalRequest) => Promise<LocalAnswer>,
): Promise<LocalServer> {
  const server = createServer((request, response) => {
    void answerTo(request, answer).then((answered) => {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify(answered));
    });
  });
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = connectionsMax;
  await listenLocally(server, path);
  return {
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerTo(
  request: IncomingMessage,
  answer: (request: LocalRequest) => Promise<LocalAnswer>,
): Promise<LocalAnswer> {
  const body = await readBody(request);
  const parsed = localRequest.safeParse(body === undefined ? undefined : parseJsonBytes(body));
  if (parsed.success) return answer(parsed.data);
  const place = parsed.error.issues[0]?.path.map(String).join(".") ?? "";
  return { ok: false, code: "request.malformed", detail: place, event: null };
}

/** Undefined when it is longer than any request of ours, or broke off. */
async function readBody(request: IncomingMessage): Promise<Bytes | undefined> {
  const pieces: Bytes[] = [];
  let length = 0;
  try {
    for await (const piece of request) {
      if (!(piece instanceof Uint8Array)) return undefined;
      length += piece.length;
      if (length > requestBytesMax) return undefined;
      pieces.push(piece);
    }
  } catch {
    return undefined;
  }
  return concat(pieces);
}
