// node bench/handshake-server.ts DIR: LDAPS and link, both with certificates at both ends, without
// the limits of one source; a process of its own, so that it can have a core of its own. Prints
// ports and process id; a line "tighten" or "disable" on its input ends what is open, and the
// milliseconds that took are printed.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { nodeId } from "@gridward/core/base/identity";
import { defaultSecurity, type SecuritySettings } from "@gridward/core/base/security-settings";
import type { LinkIdentity } from "@gridward/runtime/link/identity";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import { serveLink } from "@gridward/runtime/link/serve";
import { systemClock } from "@gridward/runtime/os/clock";
import { createSigningKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { anyClient, Talk } from "@gridward/server/frontends/ldap/fixtures";
import { serveLdap } from "@gridward/server/frontends/ldap/serve-ldap";
import { LiveConnections } from "@gridward/server/security/live-connections";
import { linkSettings } from "@gridward/server/security/standing-settings";

const [, , directory = ".", node = ""] = process.argv;
const read = (name: string): string => readFileSync(join(directory, name), "utf8");
const clock = systemClock();
const anchors = [read("ca.pem")];
const key = createPrivateKey(read("server.key"));
const identity: LinkIdentity = {
  name: { kind: "server", node: nodeId(node) },
  certificate: new X509Certificate(read("server.pem")),
  issuers: [],
  key,
  anchors,
  lists: [],
  pairingKey: createSigningKey(),
};
const standing: { settings: SecuritySettings; isEnrolled: boolean } = {
  settings: defaultSecurity,
  isEnrolled: true,
};
const live = new LiveConnections({
  settings: () => standing.settings,
  clock,
  stop: new AbortController().signal,
  onClosed: () => {},
});

function putDown(peer: VerifiedPeer): void {
  const left = live.enter({
    door: "devices",
    judge: (settings) => peer.judgeAgain({ identity, settings: linkSettings(settings) }),
    close: (reason) => peer.close(reason),
  });
  void peer.closed.then(left);
}

const unlimited = { most: 4_096, mostOfOne: 4_096, burst: 1e9, perSecond: 1e9 };
const ldaps = await serveLdap(new Talk().frontEnd, {
  host: "127.0.0.1",
  port: 0,
  identity: { key: keyToPem(key), certificate: read("server.pem"), anchors },
  clients: anyClient,
  clock,
  limit: { ...unlimited, onTurnedAway: () => {} },
  handshakes: unlimited,
  live,
  version: "bench",
  note: () => {},
});
const link = await serveLink({
  protocols: ["gridward-replica/1"],
  host: "127.0.0.1",
  port: 0,
  identity: () => identity,
  settings: () => linkSettings(standing.settings),
  admission: { partnerKey: () => undefined, isEnrolled: () => standing.isEnrolled },
  onPeer: putDown,
  onRefused: () => {},
  onContact: async () => {},
  haste: unlimited,
  clock,
});
console.log(`${ldaps.port} ${link.port} ${process.pid}`);
for await (const line of createInterface({ input: process.stdin })) {
  const startedAt = performance.now();
  if (line === "tighten") standing.settings = { ...defaultSecurity, tls_min: "1.3" };
  else standing.isEnrolled = false;
  await live.recheck("trust");
  console.log(`${performance.now() - startedAt}`);
}
await Promise.all([ldaps.close(), link.close()]);
