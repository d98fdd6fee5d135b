import assert from "node:assert/strict";
import { after, test } from "node:test";
import { refuse } from "@gridward/core/domain/refusal";
import { systemClock } from "@gridward/runtime/os/clock";
import { enrolmentServerName } from "@gridward/runtime/trust/enrolment-name";
import { enrolOverEst, renewOverEst } from "@gridward/runtime/trust/est-client";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { createRenewal, createRequest } from "@gridward/runtime/trust/x509/request";
import { issueServer } from "../../ca/issue.ts";
import { aServer, tlsOf, type TestServer } from "../https/a-server.ts";
import { aBay } from "./a-bay.ts";

const clock = systemClock();
let server: TestServer | undefined;
after(async () => server?.close());

test("[EST16][PK4][PK8] behind another authority's certificate, and a demand for clients' ones, devices enrol and renew", async () => {
  const bay = aBay(clock.now());
  const { self, systemKey, front, authority } = bay.system;
  const row = front.state().tables.authorities.get("issuing");
  assert.ok(row);
  const key = createTlsKey();
  const request = createRequest(key, "A");
  const order = { authority: row, systemKey, request, now: clock.now() };
  const own = issueServer(order, { id: self.node, name: self.name, address: "127.0.0.1" });
  assert.ok(own.ok);
  const tls = tlsOf({ key, certificate: own.value.certificate });
  server = await aServer({
    mounted: bay.routes,
    tlsFor: (name) => (name === enrolmentServerName ? tls : undefined),
    clients: {
      judge: () => {
        const refused = refuse("certificate.not-found", "none is good enough");
        return { verdict: "refused", refusal: refused.error };
      },
      objection: () => null,
    },
  });
  const deviceKey = createTlsKey();
  const device = { id: bay.q01().id, name: "Q01" };
  const about = {
    places: [{ name: "A", address: "127.0.0.1", port: server.port }],
    anchors: [authority.toString()],
    device,
    clock,
  };
  const code = bay.issueCode();
  const first = await enrolOverEst({ ...about, code, request: createRequest(deviceKey, "Q01") });
  assert.ok(first.ok, first.ok ? "" : first.error.detail);
  const shown = { certificate: first.value, key: deviceKey };
  const renewal = createRenewal(createTlsKey(), first.value);
  const second = await renewOverEst({ ...about, shown, request: renewal });
  assert.ok(second.ok, second.ok ? "" : second.error.detail);
  // To anybody else the other one is shown.
  assert.equal((await server.ask("GET", "/.well-known/est/csrattrs")).status, 200);
});
