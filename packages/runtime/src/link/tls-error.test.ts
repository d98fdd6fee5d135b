import assert from "node:assert/strict";
import { test } from "node:test";
import { causeOfTlsError } from "../trust/tls-error.ts";

function tlsError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

function alert(number: number): Error {
  // As Node 20 to 24 write it, with different codes.
  return tlsError(
    "ERR_SSL_X",
    `error:0A000410:SSL routines:ssl3_read_bytes:x:SSL alert number ${number}`,
  );
}

const rows: readonly (readonly [string, Error | undefined, "dial" | "accept", string])[] = [
  ["no certificate, TLS 1.3", alert(116), "dial", "T09 by them"],
  ["handshake failure", alert(40), "dial", "T12 by them"],
  ["unknown CA to a dialler", alert(48), "dial", "T10 by them"],
  ["unknown CA to an acceptor", alert(48), "accept", "T02 by them"],
  ["expired to an acceptor", alert(45), "accept", "T03 by them"],
  ["bad certificate to an acceptor", alert(42), "accept", "T05 by them"],
  ["unsupported certificate", alert(43), "accept", "T06 by them"],
  ["revoked", alert(44), "accept", "T07 by them"],
  ["version", alert(70), "dial", "T11 by them"],
  ["ALPN", alert(120), "dial", "T13 by them"],
  ["an alert that we do not know", alert(255), "dial", "T12 by them"],
  ["no common version", tlsError("ERR_SSL_UNSUPPORTED_PROTOCOL"), "accept", "T11 by us"],
  ["no common cipher", tlsError("ERR_SSL_NO_SHARED_CIPHER"), "accept", "T12 by us"],
  ["no common group", tlsError("ERR_SSL_NO_SUITABLE_KEY_SHARE"), "accept", "T12 by us"],
  ["no common protocol", tlsError("ERR_SSL_NO_APPLICATION_PROTOCOL"), "accept", "T13 by us"],
  ["plain text", tlsError("ERR_SSL_WRONG_VERSION_NUMBER"), "dial", "T14 by us"],
  ["HTTP", tlsError("ERR_SSL_HTTP_REQUEST"), "accept", "T14 by us"],
  ["key too small", tlsError("ERR_SSL_EE_KEY_TOO_SMALL"), "dial", "T15 by us"],
  ["refused", tlsError("ECONNREFUSED"), "dial", "T17 by them"],
  ["reset", tlsError("ECONNRESET"), "accept", "T17 by them"],
  ["nothing at all", undefined, "dial", "T17 by them"],
];

for (const [what, error, direction, expected] of rows) {
  test(`[LK9] ${what}, ${direction}: ${expected}`, () => {
    const { cause, by } = causeOfTlsError(error, direction);
    assert.equal(`${cause} by ${by}`, expected);
  });
}
