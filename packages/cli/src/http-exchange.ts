import { request, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { dirname } from "node:path";
import { envelope, type AnswerMeta } from "@gridward/core/api/envelope";
import { concat, type Bytes } from "@gridward/core/base/bytes";
import { parseJsonBytes } from "@gridward/core/base/json";
import { errorCode } from "@gridward/runtime/os/files";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import { answerFailure, clientFailure, refusalFailure, type CommandFailure } from "./failure.ts";

/** One request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface WireAnswer {
  readonly data: unknown;
  readonly meta: AnswerMeta;
}

/** Longest answer taken: pages of lists stay far below. */
const answerBytesMax = 16 * 1024 * 1024;

/** Sends one request over a connection that is open and trusted, and reads the envelope. */
export async function exchange(
  socket: Socket,
  wire: WireRequest,
  timeout: Millis,
): Promise<Result<WireAnswer, CommandFailure>> {
  const answered = await send({ createConnection: () => socket, host: "gridward" }, wire, timeout);
  socket.destroy();
  return answered.ok ? readEnvelope(answered.value.status, answered.value.body) : answered;
}

/** Connects to the local socket of a data directory. */
export async function openLocal(path: string): Promise<Result<Socket, CommandFailure>> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => resolve(ok(socket)));
    socket.once("error", (error) => resolve(err(localFailure(error, path))));
  });
}

/** A server whose socket this user may not open is not one that does not run. */
function localFailure(error: Error, path: string): CommandFailure {
  const isForbidden = ["EACCES", "EPERM"].includes(errorCode(error));
  if (isForbidden) return clientFailure("client.not-owner", dirname(path));
  return refusalFailure({ code: "config.not-running", detail: path });
}

interface RawAnswer {
  readonly status: number;
  readonly body: Bytes;
}

async function send(
  to: ClientRequestArgs,
  { method, path, headers, body }: WireRequest,
  timeout: Millis,
): Promise<Result<RawAnswer, CommandFailure>> {
  const text = body === null ? "" : JSON.stringify(body);
  const typed = body === null ? {} : { "content-type": "application/json" };
  return new Promise((resolve) => {
    const length = { "content-length": String(Buffer.byteLength(text)) };
    const sent = request({ ...to, method, path, headers: { ...headers, ...typed, ...length } });
    // Sent, and not answered: the change may have been made or not.
    const lost = (cause: string): void => resolve(err(clientFailure("client.timed-out", cause)));
    sent.setTimeout(timeout, () => sent.destroy(new Error(`no answer within ${timeout} ms`)));
    sent.once("error", (error) => lost(error.message));
    sent.once("response", (response) => {
      const pieces: Bytes[] = [];
      let size = 0;
      response.on("data", (piece: Buffer) => {
        size += piece.length;
        pieces.push(piece);
        if (size > answerBytesMax) response.destroy(new Error("the answer is too long"));
      });
      response.once("error", (error) => lost(error.message));
      response.once("end", () =>
        resolve(ok({ status: response.statusCode ?? 0, body: concat(pieces) })),
      );
    });
    sent.end(text);
  });
}

function readEnvelope(status: number, body: Bytes): Result<WireAnswer, CommandFailure> {
  const parsed = envelope.safeParse(parseJsonBytes(body));
  if (!parsed.success) return err(clientFailure("client.not-ours", `HTTP status ${status}`));
  const answer = parsed.data;
  return answer.ok ? ok(answer) : err(answerFailure(answer.error, status));
}
