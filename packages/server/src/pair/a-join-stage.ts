import assert from "node:assert/strict";
import { nodeId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { decodeJoinCode, encodeJoinCode, type JoinCode } from "@gridward/core/codec/join-code";
import { strictLink } from "@gridward/runtime/link/link-settings";
import { serveLink, type Contact, type LinkServer } from "@gridward/runtime/link/serve";
import { systemClock } from "@gridward/runtime/os/clock";
import { sha256 } from "@gridward/runtime/os/hash";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createSigningKey, createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { aSystem, type TestSystem } from "../a-system.ts";
import { answerJoins, type AnswerJoinParts } from "./answer-join.ts";
import { makeInvite } from "./invite.ts";
import { requestJoin, type JoiningServer } from "./request-join.ts";

export const patience = { timeout: 20_000 };
export const clock = systemClock();
export const run = { clock, stop: new AbortController().signal };

/** For tests: a Main that listens and invites. */
export interface JoinStage {
  readonly system: TestSystem;
  readonly server: LinkServer;
  readonly invite: (name: string, kind?: "permanent") => Secret<string>;
}

/** What ends with the test that began it. */
interface Ending {
  readonly after: (work: () => void | Promise<void>) => void;
}

type Answer = (contact: Contact) => Promise<void>;

/** `wrap` may put something between the Main and its contacts. */
export async function aJoinStage(
  t: Ending,
  wrap: (answer: Answer) => Answer = (answer) => answer,
  change: Partial<AnswerJoinParts> = {},
): Promise<JoinStage> {
  const system = aSystem(clock.now());
  const { self, systemKey, front } = system;
  const key = createTlsKey();
  const certificate = createTemporary({
    key,
    node: self.node,
    name: "A",
    hosts: [],
    now: clock.now(),
  });
  const answering = { self, systemKey: () => systemKey, front, clock: { sleep: async () => {} } };
  const server = await serveLink({
    protocols: ["gridward-diag/1"],
    host: "127.0.0.1",
    port: 0,
    identity: () => ({
      name: { kind: "server", node: self.node },
      certificate,
      issuers: [],
      key,
      anchors: [],
      lists: [],
      pairingKey: self.pairingKey,
    }),
    settings: () => strictLink,
    admission: { partnerKey: () => undefined, isEnrolled: () => false },
    onPeer: () => assert.fail("nobody is verified by joining"),
    onRefused: () => undefined,
    onContact: wrap(answerJoins({ ...answering, ...change })),
    clock,
  });
  t.after(async () => server.close());
  return {
    system,
    server,
    invite(name, serverKind) {
      const made = makeInvite({
        address: "127.0.0.1",
        port: server.port,
        pairingKey: self.pairingKey,
        authority: system.authority,
        systemKey,
        requestId: freshRequestId(),
        now: front.now(),
      });
      const { secret, expiresAt } = made;
      const kind = serverKind === undefined ? {} : { serverKind };
      system.order({ kind: "issue-invite", name, ...kind, secret, expiresAt });
      return made.code;
    },
  };
}

/** A server that would join, with keys of its own. */
export function joining(name: string): JoiningServer {
  const ports = { https: 8443, link: 5480, ldaps: 636 };
  return {
    server: { id: nodeId(freshId()), name, address: "127.0.0.1", ports, kind: "promotable" },
    pairingKey: createSigningKey(),
    tlsKey: createTlsKey(),
    signerKey: createSigningKey(),
  };
}

/** The code with something else in it, and a check sum that fits. */
export function changed(code: Secret<string>, change: Partial<JoinCode>): Secret<string> {
  const decoded = decodeJoinCode(code.reveal(), sha256);
  assert.ok(decoded.ok);
  return new Secret(encodeJoinCode({ ...decoded.value, ...change }, sha256));
}

/** The code of the refusal that the server gets. */
export async function refusal(code: Secret<string>, server: JoiningServer): Promise<string> {
  const answer = await requestJoin(code, server, run);
  assert.ok(!answer.ok, "joined");
  return answer.error.code;
}

type Change<Result> = (frame: Uint8Array) => Result;

/** Somebody in the midst of the Main's own process, who changes or drops what it hears and says. */
export function between(
  hears: Change<Uint8Array>,
  says: Change<Uint8Array | undefined> = (frame) => frame,
): (answer: Answer) => Answer {
  return (answer) => async (contact) => {
    const { peer } = contact;
    const [receive, send] = [peer.receive.bind(peer), peer.send.bind(peer)];
    peer.receive = async (limit) => {
      const frame = await receive(limit);
      return frame && hears(frame);
    };
    peer.send = (frame) => {
      const said = says(frame);
      if (said !== undefined) send(said);
    };
    await answer(contact);
  };
}
