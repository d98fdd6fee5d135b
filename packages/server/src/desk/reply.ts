import type { AnswerMeta, ApiError } from "@gridward/core/api/envelope";
import { singleKey, type DirectoryState } from "@gridward/core/domain/state";
import { refusals, type Refusal } from "@gridward/core/domain/refusal";
import type { FrontEndParts } from "../parts.ts";
import { serverUrl } from "../server-url.ts";

/** An answer as it goes out: status of HTTP and the envelope. */
export interface Reply {
  readonly status: number;
  readonly body:
    | { readonly ok: true; readonly data: unknown; readonly meta: AnswerMeta }
    | { readonly ok: false; readonly error: ApiError };
}

/** They stand while the server runs, and all of its status is much to gather for each answer. */
const spokesmen = new WeakMap<FrontEndParts, Pick<AnswerMeta, "server" | "version">>();

/** Stands in every answer, so that nobody wonders which server spoke. */
export function answerMetaOf(front: FrontEndParts): AnswerMeta {
  let spokesman = spokesmen.get(front);
  if (spokesman === undefined) {
    const { name, version } = front.status();
    spokesman = { server: name, version };
    spokesmen.set(front, spokesman);
  }
  return { ...spokesman, duty: front.condition().duty };
}

export function answerReply(data: unknown, front: FrontEndParts): Reply {
  return { status: 200, body: { ok: true, data, meta: answerMetaOf(front) } };
}

/** What to say no with: `isKnown` is whether the peer has signed in; `id` finds it in the log. */
export interface RefusalContext {
  readonly front: FrontEndParts;
  readonly isKnown: boolean;
  readonly id: string;
}

/** A stranger hears only what `tell` allows, and of those all the same words (AM10). */
export function refusalReply(refusal: Refusal, context: RefusalContext): Reply {
  const isTold = context.isKnown || refusals[refusal.code].tell === "anyone";
  const code = isTold ? refusal.code : "credential.rejected";
  const { http, says } = refusals[code];
  const error: ApiError = {
    code,
    message: says,
    where: whereOf(refusal, context.isKnown),
    next: nextOf(code, context.front.state()),
    id: context.id,
  };
  return { status: http, body: { ok: false, error } };
}

/** To a stranger a detail might tell that an account exists; his own request he knows anyway. */
function whereOf({ code, detail }: Refusal, isKnown: boolean): string | null {
  return detail !== "" && (isKnown || code.startsWith("request.")) ? detail : null;
}

/** A client that must ask the Main itself, or ask again what became of a change, learns where it is. */
function nextOf(code: Refusal["code"], state: DirectoryState): readonly string[] {
  if (code !== "pair.not-main" && code !== "pair.unknown-outcome") return [];
  const url = mainUrl(state);
  return url === undefined ? [] : [url];
}

function mainUrl(state: DirectoryState): string | undefined {
  const owner = state.tables.pair.get(singleKey)?.owner;
  const server = owner === undefined ? undefined : state.tables.servers.get(owner);
  return server === undefined ? undefined : serverUrl(server.address, server.ports.https);
}
