// Changes over LDAPS as `ldapmodify` makes them: each connection waits for its answer, then sends
// the next.
import { once } from "node:events";
import { connect } from "node:tls";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { assert } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { berTags, encodeBer, encodeBerInteger } from "@gridward/core/codec/ber";
import { LdapFramer } from "@gridward/core/codec/ldap/framer";
import { encodeEnvelope } from "@gridward/core/codec/ldap/message";
import { encodeRequest } from "@gridward/core/codec/ldap/request";
import { decodeResponse } from "@gridward/core/codec/ldap/response";
import { dnOf } from "./people.ts";

export interface LdapChangeLoad {
  readonly port: number;
  readonly as: { readonly dn: string; readonly password: string };
  readonly writers: number;
  readonly users: number;
  readonly seconds: number;
}

/** Milliseconds that each change took. */
export async function measureLdapChanges(load: LdapChangeLoad): Promise<readonly number[]> {
  const writers = await Promise.all(Array.from({ length: load.writers }, () => openWriter(load)));
  const times: number[] = [];
  const end = performance.now() + load.seconds * 1_000;
  let next = 0;
  await Promise.all(
    writers.map(async (writer) => {
      while (performance.now() < end) {
        const at = performance.now();
        const dn = dnOf(1 + (next++ % load.users));
        await writer.ask((id) => encodeEnvelope(id, modify(dn, `Changed at ${at}`)));
        times.push(performance.now() - at);
      }
      writer.close();
    }),
  );
  return times;
}

async function openWriter({ port, as }: LdapChangeLoad) {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.setNoDelay(true);
  const framer = new LdapFramer();
  let answered: (() => void) | undefined;
  socket.on("data", (chunk: Buffer) => {
    const frames = framer.push(chunk);
    assert(frames.ok, "an answer that is no LDAP");
    for (const frame of frames.value) {
      const answer = decodeResponse(frame);
      assert(answer.ok && "result" in answer.value.response, "an answer that is no result");
      assert(answer.value.response.result.code === 0, answer.value.response.result.message);
      answered?.();
    }
  });
  let id = 0;
  const ask = async (encode: (id: number) => Bytes): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    answered = () => resolve(undefined);
    socket.write(encode(++id));
    await promise;
  };
  const password = new Secret<Bytes>(utf8(as.password));
  const credential = { kind: "simple", password } as const;
  const bind = { kind: "bind", version: 3, name: as.dn, credential } as const;
  await ask((first) => encodeRequest({ id: first, request: bind, controls: [] }));
  return { ask, close: () => socket.destroy() };
}

const modifyTag = 0x66;
const replace = 2;

/** RFC 4511 §4.6: one attribute is given one new value. */
function modify(dn: string, displayName: string): Bytes {
  const values = encodeBer(berTags.set, octets(displayName));
  const modification = encodeBer(berTags.sequence, octets("displayName"), values);
  const operation = encodeBerInteger(berTags.enumerated, replace);
  const change = encodeBer(berTags.sequence, operation, modification);
  return encodeBer(modifyTag, octets(dn), encodeBer(berTags.sequence, change));
}

function octets(text: string): Bytes {
  return encodeBer(berTags.octetString, utf8(text));
}
