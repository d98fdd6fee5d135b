import { utf8, type Bytes } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import type { ArbiterAnswer } from "@gridward/core/domain/arbiter";
import {
  decodeQuestion,
  witnessFrameBytesMax,
  type WitnessReply,
  type WitnessRequest,
} from "@gridward/core/domain/witness-message";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import { strictLink } from "@gridward/runtime/link/link-settings";
import { type LinkServer, serveLink } from "@gridward/runtime/link/serve";
import type { Clock } from "@gridward/runtime/os/clock";
import { answerContact, type ContactParts } from "./answer-contact.ts";
import { linkIdentity } from "./witness-directory.ts";

export interface ServeParts extends ContactParts {
  readonly clock: Clock;
  readonly note: (text: string) => void;
  /** The disk failed: nothing is answered any more, and the process ends. */
  readonly onFailure: (error: unknown) => void;
}

/** The one port. Rejects with the system's error when it cannot listen. */
export async function serveWitness(parts: ServeParts): Promise<LinkServer> {
  const { place, roster, clock } = parts;
  /** One connection for each server, the newest: there are as many as the roster has servers. */
  const open = new Map<NodeId, VerifiedPeer>();
  const server = await serveLink({
    host: place.config.listen,
    port: place.config.port,
    protocols: ["gridward-witness/1", "gridward-diag/1"],
    identity: () => linkIdentity(place),
    // Keys alone count here, and no certificate is judged (link/verify.ts).
    settings: () => strictLink,
    admission: { partnerKey: (node) => roster.keyOf(node), isEnrolled: () => false },
    onPeer: (peer) => accept(parts, open, peer),
    onRefused: () => undefined,
    onContact: async (contact) => {
      try {
        await answerContact(parts, contact);
        turnAwayOthers(parts, open);
      } catch (error) {
        parts.onFailure(error);
      }
    },
    clock,
  });
  return {
    ...server,
    close: async () => {
      for (const peer of open.values()) peer.close("the witness stops");
      await server.close();
    },
  };
}

function accept(parts: ServeParts, open: Map<NodeId, VerifiedPeer>, peer: VerifiedPeer): void {
  if (peer.name.kind === "device") return peer.close("not a server");
  const { node } = peer.name;
  open.get(node)?.close("replaced by a newer connection");
  open.set(node, peer);
  parts.note(`${parts.roster.nameOf(node)} is connected`);
  void peer.closed.then((reason) => {
    if (open.get(node) !== peer) return;
    open.delete(node);
    parts.note(`${parts.roster.nameOf(node)} is gone: ${reason}`);
  });
  peer.onFrame((frame) => {
    // What a connection that was replaced still had under way is not heard: it may be old.
    if (open.get(node) !== peer) return;
    const reply = answerFrame(parts, node, frame);
    if (reply === undefined) return peer.close("not a question");
    void peer.send(utf8(JSON.stringify(reply)));
    turnAwayOthers(parts, open);
  });
}

function answerFrame(parts: ServeParts, by: NodeId, frame: Bytes): WitnessReply | undefined {
  const question = frame.length > witnessFrameBytesMax ? undefined : decodeQuestion(frame);
  if (question?.ok !== true) return undefined;
  const { id, request } = question.value;
  try {
    return { id, answer: answer(parts, by, request) };
  } catch (error) {
    parts.onFailure(error);
    return undefined;
  }
}

function answer(
  { register, roster }: ServeParts,
  by: NodeId,
  request: WitnessRequest,
): ArbiterAnswer {
  switch (request.kind) {
    case "read":
    case "cas":
      return register.answer(request, by);
    case "seed":
      // A blank register is filled at a first contact, with the code: not by who once belonged here.
      return register.answer({ kind: "read" }, by);
    case "introduce": {
      const { record } = register;
      if (record === null) return { kind: "blank" };
      if (record.owner !== by) return { kind: "refused", record };
      roster.keep(request.servers);
      return { kind: "record", record };
    }
  }
}

/** A server that was taken out of the system is not heard any more. */
function turnAwayOthers({ roster }: ServeParts, open: ReadonlyMap<NodeId, VerifiedPeer>): void {
  for (const [node, peer] of open) {
    if (roster.keyOf(node) === undefined) peer.close("not a server of the system");
  }
}
