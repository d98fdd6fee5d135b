// node bench/ocsp.ts [--seconds 3]: OCSP answers of one server, without the network: signed anew for
// each request, and given out again while nothing changed; beside what OpenSSL signs with P-256.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { assert } from "@gridward/core/base/result";
import { emptyState } from "@gridward/core/domain/state";
import { nodeId } from "@gridward/core/base/identity";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { aRequest } from "@gridward/runtime/trust/test-ocsp";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { OcspResponder } from "@gridward/server/ca/answer-ocsp";
import { createAuthority } from "@gridward/server/ca/authority";
import { makeCrl } from "@gridward/server/ca/keep-crl";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "3" } } });
const seconds = Number(values.seconds);
const now = systemClock().now();
const systemKey = freshSystemKey();
const authority = createAuthority({ site: "Bench", systemKey, now });
const issuer = readCertificate(authority.row.certificate);
const list = makeCrl(emptyState, authority.row, systemKey, now);
assert(issuer !== undefined && list.ok, "an authority and its list are made");

const { tables } = emptyState;
const state = {
  ...emptyState,
  tables: {
    ...tables,
    authorities: tables.authorities.set(authority.row.id, authority.row),
    certificates: tables.certificates.set(authority.certificate.serial, authority.certificate),
    crls: tables.crls.set(authority.row.id, list.value),
  },
};
const about = { node: nodeId("A"), state: "lone", canSignIn: true, fresh: true } as const;
const condition = () => ({ ...about, duty: "main", ageMs: 0, at: now }) as const;
const front = { state: () => state, condition, now: () => now };
const responder = new OcspResponder({ front, systemKey: () => systemKey });

function answersPerSecond(more: Parameters<typeof aRequest>[2]): number {
  assert(issuer !== undefined, "it was made");
  const request = aRequest(issuer, [authority.certificate.serial], more);
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() - startedAt < seconds * 1_000; count++) responder.answer(request);
  return count / ((performance.now() - startedAt) / 1_000);
}

const fresh = answersPerSecond({ nonce: Uint8Array.of(0x04, 0x02, 0x01, 0x02) });
const kept = answersPerSecond({});
const said = spawnSync("openssl", ["speed", "-seconds", "1", "ecdsap256"], { encoding: "utf8" });
const limit = Number(/\(nistp256\)\s+\S+\s+\S+\s+([\d.]+)/.exec(said.stdout)?.[1] ?? 0);
console.log(`OCSP answers, P-256, one thread\n  ours, signed    ${fresh.toFixed(0)}/s`);
console.log(`  ours, kept      ${kept.toFixed(0)}/s\n  OpenSSL signs   ${limit.toFixed(0)}/s`);
console.log(`  ratio, signed   ${(fresh / limit).toFixed(3)}`);
