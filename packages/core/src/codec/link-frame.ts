import { concat, type Bytes } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";

/** A frame on the wire: its length in four octets, most significant first, then its bytes. */
export const frameHeaderBytes = 4;

export function encodeFrame(frame: Bytes): Uint8Array<ArrayBuffer> {
  return concat([encodeFrameHeader(frame.length), frame]);
}

export function encodeFrameHeader(length: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(frameHeaderBytes);
  new DataView(header.buffer).setUint32(0, length);
  return header;
}

/**
 * Cuts a stream into frames, one at each call, so that nothing behind a frame is looked at before
 * somebody decided on it. Holds no more than was really received, whatever length is declared.
 */
export class FrameReader {
  #chunks: Bytes[] = [];
  #held = 0;

  push(chunk: Bytes): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /** Bytes received and not yet taken. */
  get held(): number {
    return this.#held;
  }

  /** The next frame, undefined while it is not complete; a refusal is final for the stream. */
  take(bytesMax: number): Result<Bytes | undefined, "frame too long"> {
    if (this.#held < frameHeaderBytes) return ok(undefined);
    const header = this.#first(frameHeaderBytes);
    const length = new DataView(header.buffer, header.byteOffset).getUint32(0);
    if (length > bytesMax) return err("frame too long");
    if (this.#held < frameHeaderBytes + length) return ok(undefined);
    const whole = this.#first(frameHeaderBytes + length);
    this.#drop(whole.length);
    return ok(whole.subarray(frameHeaderBytes));
  }

  /** At least `length` bytes from the start, which are there. Joins chunks only when it must. */
  #first(length: number): Bytes {
    const [head] = this.#chunks;
    if (head !== undefined && head.length >= length) return head.subarray(0, length);
    let joined = 0;
    let count = 0;
    while (joined < length) joined += this.#chunks[count++]?.length ?? length;
    const together = concat(this.#chunks.slice(0, count));
    this.#chunks.splice(0, count, together);
    return together.subarray(0, length);
  }

  /** Only after `first` of the same length, which put it into one chunk. */
  #drop(length: number): void {
    const [head = new Uint8Array(0)] = this.#chunks;
    this.#held -= length;
    if (head.length === length) this.#chunks.shift();
    else this.#chunks[0] = head.subarray(length);
  }
}
