import { decodeUtf8, type Bytes } from "./bytes.ts";

/** What JSON text in UTF-8 says, to be judged by a schema; undefined where it is none. */
export function parseJsonBytes(bytes: Bytes): unknown {
  const text = decodeUtf8(bytes);
  if (!text.ok) return undefined;
  try {
    return JSON.parse(text.value);
  } catch {
    return undefined;
  }
}
