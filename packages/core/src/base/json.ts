import { decodeUtf8, type Bytes } from "./bytes.ts";

/** What JSON text in UTF-8 says, to be judged by a schema; undefined where it is none. */
export function parseJsonBytes(bytes: Bytes): unknown {
  const text = decodeUtf8(bytes);
  return text.ok ? parseJsonText(text.value) : undefined;
}

/** What JSON text says, to be judged by a schema; undefined where it is none. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
