import assert from "node:assert/strict";
import { test } from "node:test";
import { testAuthority } from "../test-authority.ts";
import { aRequest } from "../test-ocsp.ts";
import { issuerMarks, ocspAskedMax, readOcspRequest } from "./ocsp.ts";

const { certificate } = testAuthority("Ours", Date.UTC(2027, 0, 1));
const [sha1, sha256] = issuerMarks(certificate);

test("[X14] a request names issuer and serial numbers as certificates have them", () => {
  for (const [digest, mark] of [
    ["sha1", sha1],
    ["sha256", sha256],
  ] as const) {
    const read = readOcspRequest(aRequest(certificate, ["00ff01", "7f"], { digest }));
    assert.ok(read.ok);
    assert.deepEqual(
      read.value.asked.map(({ issuer, serial }) => [issuer, serial]),
      [
        [mark, "ff01"],
        [mark, "7f"],
      ],
    );
    assert.equal(read.value.nonce, null);
  }
});

test("[X14] what a request may hold is bounded, and what must be understood is", () => {
  const cases = [
    [aRequest(certificate, []), /no certificate/],
    [aRequest(certificate, Array<string>(ocspAskedMax + 1).fill("01")), /too many/],
    [aRequest(certificate, ["01"], { nonce: new Uint8Array(132) }), /nonce/],
    [aRequest(certificate, ["01"], { nonce: new Uint8Array() }), /nonce/],
    [aRequest(certificate, ["01"], { critical: "1.2.3.4" }), /critical extension 1\.2\.3\.4/],
    [new Uint8Array(5_000), /too large/],
    // An empty time in place of the NULL: it can be read, and not be written again.
    [replaced(aRequest(certificate, ["01"]), "0500", "1700"), /not an OCSP request/],
    [Uint8Array.of(0x30, 0x00), /not an OCSP request|no certificate/],
  ] as const;
  for (const [bytes, reason] of cases) {
    const read = readOcspRequest(bytes);
    assert.ok(!read.ok);
    assert.match(read.error, reason);
  }
});

function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString("hex").replace(from, to), "hex");
}
