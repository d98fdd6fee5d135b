import { randomBytes } from "node:crypto";
import { Agent, request } from "node:https";
import { isRecord } from "./stage.ts";

/** What one request ended in. `null` means that no server could say: it may be done or not. */
export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** 26 characters, as request ids are. */
export function freshRequestId(): string {
  return Array.from(randomBytes(26), (byte) => alphabet[byte % 32]).join("");
}

/** A client of the HTTPS interface that keeps many requests under way at once. */
export class Api {
  readonly #ca: string;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  constructor(ca: string, token: string) {
    this.#ca = ca;
    this.#token = token;
  }

  close(): void {
    this.#agent.destroy();
  }

  async call(
    url: string,
    order: {
      readonly method: string;
      readonly path: string;
      readonly body?: unknown;
      readonly requestId?: string;
      readonly timeoutMs?: number;
    },
  ): Promise<Answered | null> {
    const body = order.body === undefined ? "" : JSON.stringify(order.body);
    return new Promise((resolve) => {
      const sent = request(
        new URL(order.path, url),
        {
          method: order.method,
          agent: this.#agent,
          ca: this.#ca,
          timeout: order.timeoutMs ?? 20_000,
          headers: {
            authorization: `Bearer ${this.#token}`,
            ...(body === "" ? {} : { "content-type": "application/json" }),
            ...(order.requestId === undefined ? {} : { "request-id": order.requestId }),
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
          response.on("error", () => resolve(null));
          response.on("end", () => resolve(parse(response.statusCode ?? 0, text)));
        },
      );
      sent.on("error", () => resolve(null));
      sent.on("timeout", () => sent.destroy());
      sent.end(body);
    });
  }
}

function parse(status: number, text: string): Answered | null {
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) ? { status, body } : null;
  } catch {
    return null;
  }
}

/** One change of a storm: sent until a server says for certain what became of it. */
export interface Change {
  readonly name: string;
  readonly requestId: string;
  sequence: number | null;
  refused: string | null;
  tries: number;
}

/**
 * Many account changes at once, each retried with its own request id at whichever server answers,
 * as the CLI does it. `onAnswer` is told after each certain answer.
 */
export async function storm(
  api: Api,
  urls: () => readonly string[],
  order: { readonly prefix: string; readonly count: number; readonly atOnce: number },
  onAnswer: (done: number) => void,
): Promise<readonly Change[]> {
  const changes = Array.from({ length: order.count }, (_, index): Change => ({
    name: `${order.prefix}${String(index).padStart(4, "0")}`,
    requestId: freshRequestId(),
    sequence: null,
    refused: null,
    tries: 0,
  }));
  const queue = [...changes];
  let done = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const change = queue.shift();
      if (!change) return;
      await settle(api, urls, change);
      onAnswer(++done);
    }
  };
  await Promise.all(Array.from({ length: order.atOnce }, worker));
  return changes;
}

const triesMost = 400;

async function settle(api: Api, urls: () => readonly string[], change: Change): Promise<void> {
  const body = { name: change.name, display_name: change.name, roles: [{ role: "VIEWER" }] };
  while (change.tries < triesMost) {
    const servers = urls();
    const url = servers[change.tries % servers.length] ?? "";
    change.tries++;
    const { requestId } = change;
    const answered = await api.call(url, { method: "POST", path: "/v1/accounts", body, requestId });
    if (answered === null || answered.status >= 500 || answered.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    const { data, error } = answered.body;
    if (isRecord(data)) change.sequence = Number(data["sequence"]);
    if (isRecord(error)) change.refused = String(error["code"]);
    return;
  }
  change.refused = "no server answered";
}
