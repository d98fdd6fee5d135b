import * as z from "zod";
import type { Route } from "@gridward/core/api/route";
import { requestIdHeader } from "@gridward/core/api/routes";
import type { AnswerMeta } from "@gridward/core/api/envelope";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import { freshId } from "@gridward/runtime/os/random";
import type { ClientIdentity } from "./client-identity.ts";
import { cannotBeTried, clientFailure, type CommandFailure } from "./failure.ts";
import { exchange, openLocal, type WireAnswer, type WireRequest } from "./http-exchange.ts";
import { openTrusted, type ServerTrust } from "./server-trust.ts";

export interface Answered<Data> {
  readonly data: Data;
  readonly meta: AnswerMeta;
  /** Origin of the server that answered; null: the local socket. */
  readonly from: string | null;
}

/** Where a command goes: servers to try in order, or the socket of a data directory. */
export type Target =
  | {
      readonly kind: "servers";
      readonly urls: readonly URL[];
      readonly trust: ServerTrust;
      /** Presented to the servers; null: no certificate. */
      readonly identity: ClientIdentity | null;
      readonly token: string | null;
    }
  | { readonly kind: "local"; readonly path: string };

type TypedRoute<Params, Query, Body, Answer> = Route & {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly answer: Answer;
};

/** Of the global options what matters to a request. */
export interface Calling {
  readonly timeout: Millis;
  readonly dryRun: boolean;
}

/**
 * Calls one route; the answer is read by the schema by which the server wrote it. Where only a try
 * was asked for, nothing goes out that would be carried out.
 */
export async function callRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(
  target: Target,
  route: TypedRoute<Params, Query, Body, Answer>,
  input: {
    readonly params: z.input<Params>;
    readonly query: z.input<Query>;
    readonly body: z.input<Body>;
  },
  { timeout, dryRun }: Calling,
): Promise<Result<Answered<z.output<Answer>>, CommandFailure>> {
  const isTry = addressParts.parse(input.query)["dry_run"] === "true";
  if (dryRun && route.method !== "GET" && !isTry) return cannotBeTried();
  const wire = wireOf(route, input, target.kind === "servers" ? target.token : null);
  const answered =
    target.kind === "local"
      ? await sendLocally(target.path, wire, timeout)
      : await sendToServers(target, wire, timeout);
  if (!answered.ok) return answered;
  const parsed = route.answer.safeParse(answered.value.data);
  if (!parsed.success) return err(clientFailure("client.not-ours", parsed.error.message));
  return ok({ ...answered.value, data: parsed.data });
}

/** Names and short texts only: what stands in an address is never a secret. */
const addressParts = z.record(z.string(), z.string().optional());

function wireOf(
  route: Route,
  input: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
  token: string | null,
): WireRequest {
  const params = addressParts.parse(input.params);
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ""),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(addressParts.parse(input.query))) {
    if (value !== undefined) query.set(name, value);
  }
  const search = query.size === 0 ? "" : `?${query.toString()}`;
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  // One id for all tries of one order: whichever server carries it out, it is carried out once.
  const headers = { ...authorization, [requestIdHeader]: freshId() };
  return { method: route.method, path: `${path}${search}`, headers, body: input.body };
}

async function sendLocally(
  path: string,
  wire: WireRequest,
  timeout: Millis,
): Promise<Result<Answered<unknown>, CommandFailure>> {
  const socket = await openLocal(path);
  return socket.ok ? cameFrom(null, await exchange(socket.value, wire, timeout)) : socket;
}

type Servers = Extract<Target, { readonly kind: "servers" }>;

/** Failures after which another server may still do it, worst first: the worst is reported. */
const passing = [
  "client.timed-out",
  "request.outcome-unknown",
  "pair.unknown-outcome",
  "pair.not-main",
  "client.untrusted-server",
  "server.overloaded",
  "server.not-fresh",
  "server.stopping",
  "server.unavailable",
  "client.no-server",
];

/** Tries one server after the other, and the Main first as soon as a Standby has named it. */
async function sendToServers(
  target: Servers,
  wire: WireRequest,
  timeout: Millis,
): Promise<Result<Answered<unknown>, CommandFailure>> {
  const waiting = [...target.urls];
  const tried = new Set<string>();
  const failures: CommandFailure[] = [];
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    if (tried.has(url.origin)) continue;
    tried.add(url.origin);
    const answered = await sendToServer(url, target, wire, timeout);
    if (answered.ok) return answered;
    const { error } = answered.error;
    if (!passing.includes(error.code)) return answered;
    failures.push(answered.error);
    waiting.unshift(...error.next.flatMap(readUrl));
  }
  return err(worstOf(failures));
}

async function sendToServer(
  url: URL,
  { trust, identity }: Pick<Servers, "trust" | "identity">,
  wire: WireRequest,
  timeout: Millis,
): Promise<Result<Answered<unknown>, CommandFailure>> {
  const socket = await openTrusted(url, { trust, identity }, timeout);
  if (!socket.ok) return socket;
  const headers = { ...wire.headers, host: url.host };
  return cameFrom(url.origin, await exchange(socket.value, { ...wire, headers }, timeout));
}

function cameFrom(
  from: string | null,
  answered: Result<WireAnswer, CommandFailure>,
): Result<Answered<unknown>, CommandFailure> {
  return answered.ok ? ok({ ...answered.value, from }) : answered;
}

function worstOf(failures: readonly CommandFailure[]): CommandFailure {
  const rank = ({ error }: CommandFailure): number => passing.indexOf(error.code);
  const [worst] = failures.toSorted((left, right) => rank(left) - rank(right));
  if (worst === undefined) return clientFailure("client.no-server");
  if (worst.error.code !== "pair.not-main") return worst;
  return clientFailure("client.only-standby", worst.error.next[0] ?? null);
}

function readUrl(text: string): readonly URL[] {
  const url = URL.parse(text);
  return url?.protocol === "https:" ? [url] : [];
}
