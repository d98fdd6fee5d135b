import type { KeyObject, X509Certificate } from "node:crypto";
import { request } from "node:https";
import type { PeerCertificate } from "node:tls";
import type { DevicePackage } from "@gridward/core/api/device-package";
import { concat, decodeUtf8, sameBytes, type Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Instant, Millis } from "@gridward/core/base/time";
import { judgePeer } from "@gridward/runtime/trust/judge";
import { tlsPolicy } from "@gridward/runtime/trust/tls-policy";
import { decodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { publicKeyDer } from "@gridward/runtime/trust/x509/keys";
import { certificateNameOf } from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import type { ReadPackage } from "./read-package.ts";
import { failed, refused, type VerbFailure } from "./verbs/failure.ts";

const answerBytesMax = 128 * 1024;
const answerWithin: Millis = 10_000;

interface EstAnswer {
  readonly status: number;
  readonly body: Bytes;
}

type PackageServer = DevicePackage["servers"][number];

/**
 * Enrols over EST simpleenroll (RFC 7030 §4.2) with the one-time code, at the first server that
 * answers. The key never leaves the device; the code goes only to a server that the package's
 * anchor vouches for.
 */
export async function enrol(
  { content, anchor }: ReadPackage,
  key: KeyObject,
  now: Instant,
): Promise<Result<X509Certificate, VerbFailure>> {
  const unreached: string[] = [];
  for (const server of content.servers) {
    for (const address of server.addresses) {
      const answer = await simpleEnroll({ content, anchor }, { server, address }, key, now);
      if (typeof answer === "string") {
        unreached.push(`${server.name} at ${address}: ${answer}`);
        continue;
      }
      if (answer.status === 401) {
        return refused({ code: "enrolment.rejected", detail: server.name });
      }
      // A Standby without its Main cannot issue: another server may.
      if (answer.status !== 200) unreached.push(`${server.name}: status ${answer.status}`);
      else return readIssued({ content, anchor }, key, answer.body);
    }
  }
  return failed("ied.not-enrolled", unreached.join("; "));
}

async function simpleEnroll(
  { content, anchor }: ReadPackage,
  place: { readonly server: PackageServer; readonly address: string },
  key: KeyObject,
  now: Instant,
): Promise<EstAnswer | string> {
  const { device, enrolment } = content;
  const csr = Buffer.from(createRequest(key, device.name)).toString("base64");
  const basic = Buffer.from(`${device.name}:${enrolment.code}`).toString("base64");
  const { promise, resolve } = Promise.withResolvers<EstAnswer | string>();
  const call = request({
    ...tlsPolicy,
    host: place.address,
    port: place.server.ports.https,
    method: "POST",
    path: "/.well-known/est/simpleenroll",
    ca: anchor.toString(),
    timeout: answerWithin,
    agent: false,
    checkServerIdentity: (_host, certificate) => refuseStranger(certificate, anchor, now),
    headers: {
      authorization: `Basic ${basic}`,
      "content-type": "application/pkcs10",
      "content-transfer-encoding": "base64",
      "content-length": csr.length,
    },
  });
  call.once("timeout", () => call.destroy(new Error("it does not answer")));
  call.once("error", (error) => resolve(error.message));
  call.once("response", (response) => {
    const pieces: Bytes[] = [];
    let length = 0;
    response.on("data", (piece: Bytes) => {
      length += piece.length;
      if (length > answerBytesMax) response.destroy();
      else pieces.push(piece);
    });
    response.once("close", () => {
      resolve({ status: response.statusCode ?? 0, body: concat(pieces) });
    });
  });
  call.end(csr);
  return promise;
}

/** OpenSSL has verified the chain; the one judge says whether it is a server of this system. */
function refuseStranger(
  presented: PeerCertificate,
  anchor: X509Certificate,
  now: Instant,
): Error | undefined {
  const judged = judgePeer({
    chain: [presented.raw],
    anchors: [anchor.toString()],
    purpose: "server",
    expected: { kind: "server", node: null },
    at: now,
    settings: { validate: true, checkNames: true },
    handshake: null,
  });
  if (judged.verdict === "ok") return undefined;
  return new Error(`${judged.cause}: it ${judged.theirs}; this device ${judged.ours}`);
}

/** The certificate must be for our key and our name, from the anchor: anything else is not ours. */
function readIssued(
  { content, anchor }: ReadPackage,
  key: KeyObject,
  body: Bytes,
): Result<X509Certificate, VerbFailure> {
  const text = decodeUtf8(body);
  const der = Buffer.from(text.ok ? text.value : "", "base64");
  const decoded = decodeCertsOnly(der);
  const own = decoded.ok
    ? decoded.value.find((one) => sameBytes(publicKeyDer(one.publicKey), publicKeyDer(key)))
    : undefined;
  const name = own === undefined ? undefined : certificateNameOf(own);
  const isOurs =
    own !== undefined &&
    own.checkIssued(anchor) &&
    own.verify(anchor.publicKey) &&
    name?.kind === "device" &&
    name.device === content.device.id;
  return isOurs ? ok(own) : failed("ied.bad-certificate");
}
