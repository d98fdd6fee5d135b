import { utf8, type Bytes } from "../base/bytes.ts";
import { err, type Result } from "../base/result.ts";
import { sclLimits, type SclFile } from "./scl/scl-file.ts";
import { checkSclHead, decodeSclPiece, sclPieces } from "./scl/scl-pieces.ts";
import { finishSclReading, readSclPiece, startSclReading } from "./scl/scl-reading.ts";
import { refuseScl, type SclRefusal } from "./scl/scl-refusal.ts";

/**
 * Reads the devices of a substation file (SCD, CID, ICD, IID; IEC 61850-6) given as bytes in any
 * portions, or as text. Answers with the whole station or one refusal. No bytes make it throw, run
 * on, or keep more than the longest piece of markup and the station in memory.
 */
export function decodeScl(source: Iterable<Bytes> | string): Result<SclFile, SclRefusal> {
  if (typeof source === "string") {
    if (source.length > sclLimits.bytesMax) return err(refuseTooLarge());
    return decodeScl([utf8(source)]);
  }
  const reading = startSclReading();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytesRead = 0;
  for (const piece of sclPieces(source)) {
    const unfit = bytesRead === 0 ? checkSclHead(piece) : undefined;
    if (unfit) return err(unfit);
    bytesRead += piece.length;
    if (bytesRead > sclLimits.bytesMax) return err(refuseTooLarge());
    const text = decodeSclPiece(decoder, piece);
    if (text === undefined) return err(refuseScl("encoding", "The file is not UTF-8 text"));
    readSclPiece(reading, text);
    if (reading.refusal) return err(reading.refusal);
  }
  if (bytesRead === 0) return err(refuseScl("not-xml", "The file is empty"));
  if (decodeSclPiece(decoder) === undefined) {
    return err(refuseScl("encoding", "The file ends within a character"));
  }
  return finishSclReading(reading);
}

function refuseTooLarge(): SclRefusal {
  return refuseScl("too-large", `The file is larger than ${sclLimits.bytesMax / 1024 / 1024} MiB`);
}
