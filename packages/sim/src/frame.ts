import { err, ok, type Result } from "@gridward/core/base/result";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import { parsePairMessage } from "@gridward/core/domain/pair/parse-message";
import { parseEntry } from "@gridward/core/domain/parse-entry";
import {
  encodeFirstPass,
  type FirstPassPiece,
  isFirstPass,
  parseFirstPass,
} from "@gridward/server/pair/first-pass";

/** What servers of a pair send each other. */
export type SimFrame =
  | { readonly kind: "pair"; readonly message: PairMessage }
  | { readonly kind: "first-pass"; readonly piece: FirstPassPiece; readonly bytes: number };

/** Through the product's own text form and parsers; err: what was sent is not understood. */
export function throughText(frame: SimFrame): Result<SimFrame, string> {
  const isPair = frame.kind === "pair";
  const text = isPair ? JSON.stringify(frame.message) : encodeFirstPass(frame.piece);
  if (isFirstPass(text)) {
    const piece = parseFirstPass(text);
    return piece.ok ? ok({ kind: "first-pass", piece: piece.value, bytes: 50 }) : err(piece.error);
  }
  const message = parsePairMessage(JSON.parse(text), parseEntry);
  return message.ok ? ok({ kind: "pair", message: message.value }) : err(message.error);
}

/** Does this frame carry anything of the database (I19)? */
export function carriesRows(frame: SimFrame): boolean {
  if (frame.kind === "first-pass") return true;
  const { kind } = frame.message;
  return kind !== "hello" && kind !== "heartbeat";
}
