import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { BasicOCSPResponse, OCSPResponse } from "@peculiar/asn1-ocsp";
import { AsnConvert } from "@peculiar/asn1-schema";
import { requestId } from "@gridward/core/base/identity";
import { day, hour, minute, second } from "@gridward/core/base/time";
import { freshSystemKey, type SystemKey } from "@gridward/runtime/os/seal";
import { aRequest } from "@gridward/runtime/trust/test-ocsp";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { objectIds } from "@gridward/runtime/trust/x509/object-ids";
import { notAfterOf } from "@gridward/runtime/trust/x509/read";
import { aSystem } from "../a-system.ts";
import type { MountedAnswer } from "../mounted-route.ts";
import { enrolDevice, revoke } from "./a-revocation.ts";
import { authorityId } from "./authority.ts";
import { makeCrl } from "./keep-crl.ts";
import { ocspRoutes } from "./ocsp-route.ts";

const start = Date.UTC(2027, 0, 1);

/** A server with its responder, and what a client reads of its answers. */
function aResponder() {
  const system = aSystem(start);
  const { front, self, authority } = system;
  const setup: { fresh: boolean; systemKey: SystemKey | null } = {
    fresh: true,
    systemKey: system.systemKey,
  };
  const about = { state: "lone", canSignIn: true, duty: "main", ageMs: 0 } as const;
  const [post, get] = ocspRoutes({
    front: {
      ...front,
      condition: () => ({ ...about, node: self.node, fresh: setup.fresh, at: front.now() }),
    },
    systemKey: () => setup.systemKey,
  });
  assert.ok(post !== undefined && get !== undefined);
  const more = { certificate: null, source: "", requestId: requestId("x") };
  const headers = { "content-type": "application/ocsp-request" };
  const ask = async (body: Uint8Array): Promise<MountedAnswer> =>
    post.answer({ ...more, headers, body });
  const fetch = async (body: Uint8Array): Promise<MountedAnswer> => {
    const rest = Buffer.from(body).toString("base64");
    return get.answer({ ...more, headers: {}, body: new Uint8Array(), rest });
  };
  const publish = (): void => {
    const row = front.state().tables.authorities.get(authorityId);
    assert.ok(row !== undefined);
    const crl = makeCrl(front.state(), row, system.systemKey, front.now());
    assert.ok(crl.ok);
    const actor = { kind: "server", id: self.node, name: "A", door: "pair", source: "" } as const;
    const command = { kind: "publish-crl", crl: crl.value } as const;
    void front.submit({ command, actor, requestId: requestId(`list ${crl.value.number}`) });
  };
  return { ...system, setup, post, ask, fetch, publish, authority };
}

interface Told {
  readonly failure: number;
  readonly states: readonly string[];
  readonly basic: BasicOCSPResponse | null;
}

function told({ status, body }: MountedAnswer): Told {
  assert.equal(status, 200);
  assert.ok(typeof body !== "string");
  const { responseStatus, responseBytes } = AsnConvert.parse(new Uint8Array(body), OCSPResponse);
  if (responseBytes === undefined) return { failure: responseStatus, states: [], basic: null };
  const basic = AsnConvert.parse(responseBytes.response.buffer, BasicOCSPResponse);
  const states = basic.tbsResponseData.responses.map(({ certStatus: { revoked, good } }) => {
    if (revoked === undefined) return good === undefined ? "unknown" : "good";
    return `revoked ${revoked.revocationTime.getTime()} ${revoked.revocationReason?.reason ?? 0}`;
  });
  return { failure: responseStatus, states, basic };
}

const [malformed, tryLater, unauthorized] = [1, 3, 6];

for (const digest of ["sha1", "sha256"] as const) {
  test(`[CA9][PK5] good, revoked and unknown, as soon as it is so, asked with ${digest}`, async () => {
    const responder = aResponder();
    const { authority, front } = responder;
    const { certificate, row } = enrolDevice(responder);
    responder.publish();
    const mine = aRequest(authority, [certificate.serialNumber], { digest });
    for (const by of [responder.ask, responder.fetch]) {
      assert.deepEqual(told(await by(mine)).states, ["good"]);
    }
    responder.pass(minute);
    revoke(responder, row);
    for (const by of [responder.ask, responder.fetch]) {
      assert.deepEqual(told(await by(mine)).states, [`revoked ${front.now()} 1`]);
    }
    const never = aRequest(authority, ["4f".repeat(16), certificate.serialNumber], { digest });
    const { states } = told(await responder.ask(never));
    assert.deepEqual(states, ["unknown", `revoked ${front.now()} 1`]);
    const theirs = aRequest(testAuthority("Theirs", start).certificate, ["01"], { digest });
    assert.equal(told(await responder.ask(theirs)).failure, unauthorized);
  });
}

test("[CA9] what is no request, or too large, or of another kind, is told so", async () => {
  const responder = aResponder();
  responder.publish();
  assert.equal(told(await responder.ask(new Uint8Array())).failure, malformed);
  assert.equal(told(await responder.fetch(new Uint8Array([1, 2]))).failure, malformed);
  assert.equal((await responder.ask(new Uint8Array(5_000))).status, 413);
  assert.equal((await responder.fetch(new Uint8Array(9_000))).status, 414);
  const more = { certificate: null, source: "", requestId: requestId("x") };
  const json = { ...more, headers: { "content-type": "application/json" }, body: new Uint8Array() };
  assert.equal((await responder.post.answer(json)).status, 415);
});

test("[CA10][PK5] the signer is the authority's, for answers alone, and ends soon after its list", async () => {
  const responder = aResponder();
  const { authority, setup } = responder;
  const mine = aRequest(authority, [authority.serialNumber]);
  assert.equal(told(await responder.ask(mine)).failure, tryLater);
  responder.publish();
  const [presented] = told(await responder.ask(mine)).basic?.certs ?? [];
  assert.ok(presented !== undefined);
  const signer = new X509Certificate(Buffer.from(AsnConvert.serialize(presented)));
  assert.ok(signer.verify(authority.publicKey) && signer.checkIssued(authority));
  assert.deepEqual(signer.keyUsage, [objectIds.ocspSigning]);
  assert.equal(notAfterOf(signer), start + 8 * day);
  const noCheck = presented.tbsCertificate.extensions?.find(
    ({ extnID }) => extnID === objectIds.ocspNoCheck,
  );
  assert.equal(
    Buffer.from(noCheck?.extnValue.buffer ?? new ArrayBuffer(0)).toString("hex"),
    "0500",
  );
  const row = responder.front.state().tables.crls.get(authorityId);
  assert.match(row?.responder.key ?? "", /^v1\./);
  responder.pass(7 * day + second);
  assert.equal(told(await responder.ask(mine)).failure, tryLater);
  responder.publish();
  assert.deepEqual(told(await responder.ask(mine)).states, ["good"]);
  setup.systemKey = freshSystemKey();
  responder.pass(hour);
  responder.publish();
  assert.equal(told(await responder.ask(mine)).failure, tryLater);
});

test("[CA11] an answer is given again until something changes, or half of its hour is over", async () => {
  const responder = aResponder();
  const { certificate } = enrolDevice(responder);
  responder.publish();
  const mine = aRequest(responder.authority, [certificate.serialNumber]);
  const first = await responder.fetch(mine);
  assert.equal(first.headers["cache-control"], "public, max-age=600");
  responder.pass(25 * minute);
  const again = await responder.fetch(mine);
  assert.equal(again.body, first.body);
  assert.equal(again.headers["cache-control"], "public, max-age=300");
  responder.pass(6 * minute);
  const next = await responder.fetch(mine);
  assert.notEqual(next.body, first.body);
  const [single] = told(next).basic?.tbsResponseData.responses ?? [];
  const now = responder.front.now();
  assert.equal(single?.thisUpdate.getTime(), now);
  assert.equal(single?.nextUpdate?.getTime(), now + hour);
  responder.publish();
  assert.notEqual((await responder.fetch(mine)).body, next.body);
});

test("[CA11] a nonce comes back, and its answer is kept by nobody", async () => {
  const responder = aResponder();
  responder.publish();
  const nonce = Buffer.from("0403010203", "hex");
  const mine = aRequest(responder.authority, ["01"], { nonce });
  const first = await responder.fetch(mine);
  assert.equal(first.headers["cache-control"], "no-store");
  const [said] = told(first).basic?.tbsResponseData.responseExtensions ?? [];
  assert.ok(Buffer.from(said?.extnValue.buffer ?? new ArrayBuffer(0)).equals(nonce));
  assert.notEqual((await responder.fetch(mine)).body, first.body);
});

test("[CA11] a Standby that does not hear its Main answers as of the last list", async () => {
  const responder = aResponder();
  const { certificate } = enrolDevice(responder);
  responder.publish();
  responder.setup.fresh = false;
  responder.pass(3 * day);
  const mine = aRequest(responder.authority, [certificate.serialNumber]);
  const [single] = told(await responder.ask(mine)).basic?.tbsResponseData.responses ?? [];
  assert.equal(single?.thisUpdate.getTime(), start);
  assert.equal(single?.nextUpdate?.getTime(), start + 7 * day);
});
