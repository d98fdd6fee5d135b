import { request } from "node:http";
import { concat, type Bytes } from "@gridward/core/base/bytes";
import { parseJsonBytes } from "@gridward/core/base/json";
import type { Millis } from "@gridward/core/base/time";
import { localSocketPath } from "@gridward/runtime/os/local-socket";
import { localAnswer, type LocalAnswer, type LocalRequest } from "./request.ts";

const answerBytesMax = 1024 * 1024;

/** Asks the running device of a data directory; "not running" when nobody listens there. */
export async function askLocal(
  directory: string,
  asked: LocalRequest,
  timeout: Millis,
): Promise<LocalAnswer | "not running" | "timed out"> {
  const body = JSON.stringify(asked);
  const { promise, resolve } = Promise.withResolvers<LocalAnswer | "not running" | "timed out">();
  const call = request({
    socketPath: localSocketPath(directory),
    method: "POST",
    path: "/",
    timeout,
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
  });
  call.once("timeout", () => {
    resolve("timed out");
    call.destroy();
  });
  call.once("error", () => resolve("not running"));
  call.once("response", (response) => {
    const pieces: Bytes[] = [];
    let length = 0;
    response.on("data", (piece: Bytes) => {
      length += piece.length;
      if (length > answerBytesMax) response.destroy();
      else pieces.push(piece);
    });
    response.once("close", () => {
      const parsed = localAnswer.safeParse(parseJsonBytes(concat(pieces)));
      resolve(parsed.success ? parsed.data : "not running");
    });
  });
  call.end(body);
  return promise;
}
