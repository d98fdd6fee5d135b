import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect } from "node:tls";
import { day } from "@gridward/core/base/time";
import { manualClock, trustedAuthority } from "@gridward/runtime/link/test-link";
import { serveHttps } from "./serve-https.ts";

test("[AX1][CS16] no connection to the outputs of a device lives longer than a day", async (t) => {
  const clock = manualClock(Date.now());
  const unused = (): never => assert.fail("nothing is asked for");
  const now = trustedAuthority.issue({ profile: "server", hosts: ["127.0.0.1"] });
  const server = await serveHttps({
    device: { authority: { outputs: unused }, status: unused },
    own: { now, onChange: () => {} },
    anchors: { sentWith: () => [] },
    port: 0,
    clock,
  });
  t.after(() => server.close());
  const socket = connect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const answered = once(socket, "data");
  socket.write("GET /none HTTP/1.1\r\nhost: a\r\n\r\n");
  assert.match(String(await answered), /404/);
  clock.advance(day - 1);
  assert.equal(socket.destroyed, false);
  clock.advance(1);
  await once(socket.resume(), "close");
});
