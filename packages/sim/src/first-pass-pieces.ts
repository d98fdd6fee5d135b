import { allRows } from "@gridward/core/domain/tables";
import type { DatabaseCopy } from "@gridward/server/database-copy";
import type { FirstPassPiece } from "@gridward/server/pair/first-pass";
import { damageRow } from "./damage.ts";
import type { Random } from "./random.ts";

/** A first pass in a few pieces; in a share of them one row is lost on the way. */
export function piecesOf(
  { state, position, digest, earlier }: DatabaseCopy,
  random: Random,
  damaged: number,
): readonly FirstPassPiece[] {
  const rows = Array.from(allRows(state), (change) => ({ ...change, row: { ...change.row } }));
  const isDamaged = damaged > 0 && random.chance(damaged);
  const sent = isDamaged ? damageRow(rows, random) : rows;
  const size = Math.ceil(rows.length / (1 + random.below(4)));
  const pieces: FirstPassPiece[] = [
    { kind: "first-pass-begin", position, digest, earlier, rows: 100 },
  ];
  for (let from = 0; from < sent.length; from += size) {
    pieces.push({ kind: "first-pass-rows", rows: sent.slice(from, from + size) });
  }
  pieces.push({ kind: "first-pass-end" });
  return pieces;
}
