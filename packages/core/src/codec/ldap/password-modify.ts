import { type Bytes, utf8 } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { Secret } from "../../base/secret.ts";
import { berTags, contentOf, decodeBer, encodeBer, textOf } from "../ber.ts";

/** RFC 3062. */
export const passwordModifyOid = "1.3.6.1.4.1.4203.1.11.1";

export interface PasswordModify {
  /** Whose; null: of whoever is signed in. */
  readonly identity: string | null;
  readonly current: Secret<Bytes> | null;
  /** Null: the server shall make one. */
  readonly chosen: Secret<Bytes> | null;
}

const tags = { identity: 0x80, current: 0x81, chosen: 0x82 } as const;

/** §2: everything may be left out, also the whole value. Never throws. */
export function decodePasswordModify(value: Bytes | null): Result<PasswordModify, string> {
  if (value === null) return ok({ identity: null, current: null, chosen: null });
  const decoded = decodeBer(value);
  if (!decoded.ok || decoded.value.tag !== berTags.sequence) return err("malformed request value");
  const { children } = decoded.value;
  const known: readonly number[] = Object.values(tags);
  const order = children.map(({ tag }) => known.indexOf(tag));
  const isInOrder = order.every((place, index) => place >= 0 && place > (order[index - 1] ?? -1));
  if (!isInOrder) return err("malformed request value");
  const find = (tag: number) => children.find((child) => child.tag === tag);
  const named = find(tags.identity);
  const identity = textOf(named, tags.identity);
  if (named !== undefined && identity === undefined) return err("the identity is no text");
  return ok({
    identity: identity ?? null,
    current: secretOf(contentOf(find(tags.current), tags.current)),
    chosen: secretOf(contentOf(find(tags.chosen), tags.chosen)),
  });
}

/** What a client sends. */
export function encodePasswordModify(modify: PasswordModify): Uint8Array<ArrayBuffer> {
  const { identity, current, chosen } = modify;
  return encodeBer(
    berTags.sequence,
    ...(identity === null ? [] : [encodeBer(tags.identity, utf8(identity))]),
    ...(current === null ? [] : [encodeBer(tags.current, current.reveal())]),
    ...(chosen === null ? [] : [encodeBer(tags.chosen, chosen.reveal())]),
  );
}

function secretOf(bytes: Bytes | undefined): Secret<Bytes> | null {
  return bytes === undefined ? null : new Secret(bytes);
}
