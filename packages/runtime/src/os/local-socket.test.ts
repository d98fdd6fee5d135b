import assert from "node:assert/strict";
import { test } from "node:test";
import { localSocketPath } from "./local-socket.ts";

test("[OS10] a short directory holds its socket, a long one gets a hashed name that fits", () => {
  assert.equal(localSocketPath("/var/lib/gridward", "linux"), "/var/lib/gridward/socket");
  const long = localSocketPath(`/${"substation/".repeat(12)}`, "linux");
  assert.match(long, /\/gridward-[0-9a-f]{32}\.sock$/);
  assert.ok(Buffer.byteLength(long) <= 107);
  assert.equal(localSocketPath(`/${"substation/".repeat(12)}`, "linux"), long);
  assert.match(localSocketPath("/var/lib/gridward", "win32"), /^\\\\\.\\pipe\\gridward-/);
});
