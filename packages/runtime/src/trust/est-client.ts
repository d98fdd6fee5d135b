import type { KeyObject, X509Certificate } from "node:crypto";
import { request } from "node:https";
import { decodeUtf8, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { second, type Instant, type Millis } from "@gridward/core/base/time";
import { issuersAboveMax } from "@gridward/core/domain/limits";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { Clock } from "../os/clock.ts";
import { chainsOf } from "./authority-chain.ts";
import { enrolmentServerName } from "./enrolment-name.ts";
import { judgePeer, withoutLists, type ExpectedPeer, type Purpose } from "./judge.ts";
import type { RevocationList } from "./revocation.ts";
import { tlsPolicy } from "./tls-policy.ts";
import { keyToPem } from "./x509/keys.ts";
import { decodeCertsOnly } from "./x509/certs-only.ts";
import { verifyRequest } from "./x509/request.ts";

/** Where a server takes enrolments. */
export interface EstPlace {
  /** For people: how the refusal calls it. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Whom to ask, and whom to believe. */
export interface EstPlaces {
  /** In the order in which they are tried. */
  readonly places: readonly EstPlace[];
  /** Trust anchors of the system, PEM. Nothing else is trusted (RFC 7030 §3.6.1). */
  readonly anchors: readonly string[];
  /** Revocation lists that are held: whom one names gets no code, and gives no anchors. */
  readonly lists?: readonly RevocationList[];
  readonly clock: Clock;
}

interface EstOrder extends EstPlaces {
  readonly device: { readonly id: string; readonly name: string };
  /** PKCS#10, DER, made with the device's own key. */
  readonly request: Bytes;
}

export interface EnrolOrder extends EstOrder {
  /** The one-time code of the device's package. */
  readonly code: Secret<string>;
}

export interface RenewOrder extends EstOrder {
  /** What the device has, in its time; the request names what this names. */
  readonly shown: { readonly certificate: X509Certificate; readonly key: KeyObject };
}

const answerBytesMax = 64 * 1024;
const answerWithin: Millis = 15 * second;
const sentenceLengthMax = 300;
/** While an authority changes there are two, each with those above it. */
const anchorsMax = 2 * (1 + issuersAboveMax);

interface EstAnswer {
  readonly status: number;
  readonly body: Bytes;
}

/**
 * Enrols over EST simpleenroll (RFC 7030 §4.2) at the first place that issues, and gives a
 * certificate that is for the request's key, from the anchor and of this device. A server that is
 * not of the system never hears the code. After a lost answer the same order gets the same
 * certificate. Never throws, and takes at most 15 s a place.
 */
export async function enrolOverEst(order: EnrolOrder): Promise<Result<X509Certificate, Refusal>> {
  return obtain(order, codeWay(order));
}

/** Renews over EST simplereenroll (RFC 7030 §4.2.2), with the certificate that the device has. */
export async function renewOverEst(order: RenewOrder): Promise<Result<X509Certificate, Refusal>> {
  return obtain(order, certificateWay(order));
}

/** How the device says who it is. */
interface Way {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly tls: { readonly cert?: string; readonly key?: string };
  readonly headers: Readonly<Record<string, string>>;
}

function codeWay({ device, code }: EnrolOrder): Way {
  const credentials = Buffer.from(`${device.name}:${code.reveal()}`).toString("base64");
  const headers = { authorization: `Basic ${credentials}` };
  return { method: "POST", path: "simpleenroll", tls: {}, headers };
}

function certificateWay({ shown: { certificate, key } }: RenewOrder): Way {
  const tls = { cert: certificate.toString(), key: keyToPem(key).reveal() };
  return { method: "POST", path: "simplereenroll", tls, headers: {} };
}

/**
 * The trust anchors of now (RFC 7030 §4.1), from the first server that gives them; the authority
 * that issues comes first, and behind each are those above it. Only a server that the anchors of before certify is asked, so that they may
 * take the place of those (§3.6.1).
 */
export async function fetchAnchors(
  order: EstPlaces,
): Promise<Result<readonly X509Certificate[], Refusal>> {
  const failures: string[] = [];
  const way = { method: "GET", path: "cacerts", tls: {}, headers: {} } as const;
  for (const place of order.places) {
    const answer = await ask(order, { way, body: "" }, place);
    const anchors = answer.ok ? readAnchors(answer.value) : answer;
    if (anchors.ok) return anchors;
    failures.push(`${place.name} at ${place.address}: ${anchors.error}`);
  }
  return refuse("enrolment.failed", failures.join("; "));
}

function readAnchors({ status, body }: EstAnswer): Result<readonly X509Certificate[], string> {
  if (status !== 200) return err(`status ${status}: ${sentenceOf(body)}`);
  const decoded = decodeCertsOnly(Buffer.from(Buffer.from(body).toString("latin1"), "base64"));
  if (!decoded.ok) return err(`its answer is ${decoded.error}`);
  // An authority without its way to a root is of no use to OpenSSL.
  const anchors = chainsOf(decoded.value).flat();
  const isSound = anchors.length > 0 && anchors.length <= anchorsMax;
  return isSound ? ok(anchors) : err("its answer holds no trust anchors");
}

async function obtain(order: EstOrder, way: Way): Promise<Result<X509Certificate, Refusal>> {
  const key = verifyRequest(order.request);
  if (!key.ok) return refuse("enrolment.bad-request", key.error);
  const failures: string[] = [];
  for (const place of order.places) {
    const body = Buffer.from(order.request).toString("base64");
    const answer = await ask(order, { way, body }, place);
    const outcome = answer.ok ? judgeAnswer(order, key.value, answer.value) : failed(answer.error);
    if (outcome.ok) return outcome;
    const says = `${place.name} at ${place.address}: ${outcome.error.detail}`;
    // What one server of the system refuses, another would refuse too.
    if (outcome.error.code !== "enrolment.failed") return refuse(outcome.error.code, says);
    failures.push(says);
  }
  return refuse("enrolment.failed", failures.join("; "));
}

function failed(detail: string): Result<never, Refusal> {
  return refuse("enrolment.failed", detail);
}

function judgeAnswer(
  order: EstOrder,
  key: KeyObject,
  { status, body }: EstAnswer,
): Result<X509Certificate, Refusal> {
  if (status === 200) return readIssued(order, key, body);
  const says = `status ${status}: ${sentenceOf(body)}`;
  if (status === 401 || status === 403) return refuse("enrolment.rejected", says);
  if (status === 400 || status === 413 || status === 415) {
    return refuse("enrolment.bad-request", says);
  }
  return failed(says);
}

/** What a server wrote for people, on one line. */
function sentenceOf(body: Bytes): string {
  const text = decodeUtf8(body);
  if (!text.ok) return "";
  const line = text.value.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line.slice(0, sentenceLengthMax);
}

/** RFC 8951 §3.1: base64 with or without line breaks, whatever the header fields say. */
function readIssued(
  order: EstOrder,
  key: KeyObject,
  body: Bytes,
): Result<X509Certificate, Refusal> {
  const decoded = decodeCertsOnly(Buffer.from(Buffer.from(body).toString("latin1"), "base64"));
  if (!decoded.ok) return failed(`its answer is ${decoded.error}`);
  const issued = decoded.value.find((one) => one.publicKey.equals(key));
  if (issued === undefined) return failed("its answer holds no certificate for this device's key");
  const judged = judge(order, issued.raw, { purpose: "client", expected: { kind: "device" } });
  if (!judged.ok) return failed(judged.error);
  const isOurs = judged.value?.kind === "device" && judged.value.device === order.device.id;
  return isOurs ? ok(issued) : failed("the certificate that it issued names another device");
}

/** The one judge. */
function judge(
  { anchors, lists = [], clock }: Pick<EstOrder, "anchors" | "lists" | "clock">,
  certificate: Bytes,
  wanted: { readonly purpose: Purpose; readonly expected: ExpectedPeer },
) {
  const at: Instant = clock.now();
  const judged = judgePeer({
    chain: [certificate],
    anchors,
    lists,
    ...wanted,
    at,
    // A missing list, or a stale one, must not keep a device from its certificate.
    settings: { ...withoutLists, revocation: "soft" },
    handshake: null,
  });
  if (judged.verdict === "ok") return ok(judged.name);
  return err(`${judged.cause}: it ${judged.theirs}; this device ${judged.ours}`);
}

/** One request on a connection of its own, whole within its time, or why there is no answer. */
async function ask(
  order: EstPlaces,
  { way, body }: { readonly way: Way; readonly body: string },
  place: EstPlace,
): Promise<Result<EstAnswer, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<EstAnswer, string>>();
  const done = new AbortController();
  try {
    const call = request({ ...lineTo(order, place), ...wayOf(way, body) });
    const cut = async (): Promise<void> => {
      await order.clock.sleep(answerWithin, done.signal);
      if (!done.signal.aborted) call.destroy(new Error("no answer in time"));
    };
    call.once("error", (error) => resolve(err(error.message)));
    call.once("response", (response) => {
      const pieces: Bytes[] = [];
      let length = 0;
      response.on("data", (piece: Bytes) => {
        length += piece.length;
        if (length > answerBytesMax) call.destroy(new Error("its answer is too large"));
        else pieces.push(piece);
      });
      response.once("error", (error) => resolve(err(error.message)));
      response.once("end", () =>
        resolve(ok({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) })),
      );
    });
    void cut();
    call.end(body);
    return await promise;
  } catch (error) {
    // An anchor, address or port that Node does not take: nothing was sent.
    return err(error instanceof Error ? error.message : "it cannot be dialled");
  } finally {
    done.abort();
  }
}

/** OpenSSL verifies the chain against the anchor alone; then the judge, before a byte is sent. */
function lineTo(order: EstPlaces, { address, port }: EstPlace) {
  return {
    ...tlsPolicy,
    ca: [...order.anchors],
    host: address,
    port,
    servername: enrolmentServerName,
    agent: false as const,
    checkServerIdentity: (_: string, { raw }: { readonly raw: Bytes }) => {
      const expected = { kind: "server", node: null } as const;
      const judged = judge(order, raw, { purpose: "server", expected });
      return judged.ok ? undefined : new Error(judged.error);
    },
  };
}

function wayOf({ method, path, tls, headers }: Way, body: string) {
  const length = { "content-length": String(body.length) };
  const form = body === "" ? {} : { "content-type": "application/pkcs10", ...length };
  return { ...tls, method, path: `/.well-known/est/${path}`, headers: { ...headers, ...form } };
}
