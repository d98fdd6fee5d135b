import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { day, type Instant } from "@gridward/core/base/time";
import { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import { type Clock, systemClock } from "@gridward/runtime/os/clock";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import {
  initServer,
  readServerDirectory,
  type ServerIdentity,
  serverPaths,
} from "@gridward/runtime/trust/server-directory";
import { fingerprintOf, notAfterOf, serialOf } from "@gridward/runtime/trust/x509/read";
import { buildHouse, type House } from "../compose.ts";
import { readSecurity } from "../own-settings.ts";
import { keepRemoval } from "../pair/removal.ts";
import { examineCertificates } from "./certificate-ends.ts";
import { repair, type RepairOrder } from "./repair.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-repair-"));
after(() => rmSync(place, { recursive: true }));

const start = Date.UTC(2027, 0, 1);
const late = start + 3 * 365 * day;
const authorityEnd = start + 11 * 365 * day;
const first = join(place, "first");
let count = 0;

function clockAt(at: Instant): Clock {
  return { ...systemClock(), now: () => at };
}

/** The server of a directory, as its program makes it, without its doors. */
function aHouse(directory: string, at: Instant): House {
  const found = readServerDirectory(directory);
  assert.ok(found.ok);
  const house = buildHouse({
    directory,
    found: found.value,
    clock: clockAt(at),
    pid: 1,
    note: () => {},
    stop: new AbortController().signal,
    tick: () => {},
    onIdentity: () => {},
  });
  assert.ok(house.ok);
  return house.value;
}

before(async () => {
  const ports = { https: 0, link: 0, ldaps: 0 };
  assert.ok(initServer(first, { name: "A", listen: "127.0.0.1", ports, now: start }).ok);
  const house = aHouse(first, start);
  const actor = { kind: "local", id: "root", name: "root", door: "local", source: "" } as const;
  const about = { base: "dc=example,dc=org", site: "Hill", administrator: "admin", actor };
  assert.ok((await house.operator.createSystem(about)).ok);
  house.close();
});

/** A lone server of a system, stopped since the day it was made. */
function aServer(): string {
  count += 1;
  const directory = join(place, `${count}`);
  cpSync(first, directory, { recursive: true });
  return directory;
}

function identityOf(directory: string): ServerIdentity {
  const found = readServerDirectory(directory);
  assert.ok(found.ok);
  return found.value;
}

function order(directory: string, more: Partial<RepairOrder> = {}): RepairOrder {
  return { directory, isTry: false, user: "root", now: late, ...more };
}

function refusalOf(given: RepairOrder): string {
  const done = repair(given);
  return done.ok ? done.value.did : done.error.code;
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 300 && !holds(); turn++) await systemClock().sleep(10);
  assert.ok(holds());
}

test("[RPR1][CS12] the doctor finds fault with what has ended, and with a clock that is behind", () => {
  const server = identityOf(aServer());
  const at = (now: Instant) => examineCertificates(server, "DIR", now);
  assert.deepEqual([at(start).ok, at(start).remedy], [true, null]);
  assert.match(
    at(late).says,
    /^The certificate ended 2028-.*replica signer ended 2028-.*says 2029-/,
  );
  assert.match(at(late).remedy ?? "", /gridward doctor DIR --repair/);
  assert.match(at(start - day).remedy ?? "", /^Set the clock right/);
  const { ok: isWell } = examineCertificates(
    { ...server, issued: null },
    "DIR",
    late + 10 * 365 * day,
  );
  assert.equal(isWell, false);
});

test("[RPR2][RPR4][RPR5][CS12] a server three years late issues itself certificates, and journals them when it runs", async () => {
  const directory = aServer();
  const earlier = identityOf(directory);
  const tried = repair(order(directory, { isTry: true }));
  assert.ok(tried.ok && tried.value.did === "issued" && tried.value.dry_run);
  assert.equal(
    identityOf(directory).issued?.certificate.raw.equals(
      earlier.issued?.certificate.raw ?? Buffer.alloc(0),
    ),
    true,
  );
  const done = repair(order(directory));
  assert.ok(done.ok);
  const { issued, tlsKey, signerKey } = identityOf(directory);
  assert.ok(issued !== null && issued.certificate.verify(issued.authority.publicKey));
  assert.equal(done.value.certificate.fingerprint, fingerprintOf(issued.certificate));
  assert.ok(issued.certificate.checkPrivateKey(tlsKey));
  assert.ok(issued.signerCertificate.checkPrivateKey(signerKey));
  assert.ok(notAfterOf(issued.certificate) > late + 700 * day);
  const events = new SecurityEventStore(join(directory, "events.db"), late);
  const [told] = events.list({ limit: 1, search: "repair" }).events;
  events.close();
  assert.deepEqual([told?.event, told?.subject], [20020, "root"]);
  assert.equal(refusalOf(order(directory)), "nothing");

  const house = aHouse(directory, late);
  const { certificates } = house.front.state().tables;
  assert.equal(certificates.has(serialOf(issued.certificate)), false);
  await until(() => house.front.state().tables.certificates.has(serialOf(issued.certificate)));
  assert.deepEqual(
    house.front
      .status()
      .alarms.map(({ code }) => code)
      .filter((code) => code.startsWith("security.no")),
    [],
  );
  house.close();
});

test("[CA12][PK8] a lone server that starts three years late needs nobody: it renews itself", async () => {
  const directory = aServer();
  const house = aHouse(directory, late);
  await until(() => notAfterOf(house.identity.certificate) > late);
  assert.equal(refusalOf(order(directory)), "nothing");
  house.close();
});

test("[RPR3] without the authority's key it shows its temporary certificate, and says whom that serves", () => {
  const cases: readonly (readonly [(directory: string) => Partial<RepairOrder>, RegExp])[] = [
    [
      (directory) => {
        rmSync(serverPaths(directory).systemKey);
        return {};
      },
      /its system key is not readable/,
    ],
    [
      (directory) => {
        rmSync(join(directory, "generations"), { recursive: true });
        return {};
      },
      /its database: journal\./,
    ],
    [() => ({ now: authorityEnd }), /authority itself ended 2036-/],
  ];
  for (const [spoil, says] of cases) {
    const directory = aServer();
    const change = spoil(directory);
    const toml = readFileSync(join(directory, "server.toml"), "utf8");
    assert.ok(repair(order(directory, { ...change, isTry: true })).ok);
    assert.equal(readFileSync(join(directory, "server.toml"), "utf8"), toml);
    const done = repair(order(directory, change));
    assert.ok(done.ok);
    assert.match(done.value.says, says);
    assert.equal(done.value.did, "temporary");
    const security = readSecurity(directory);
    assert.equal(security.ok && security.value.temporary, true);
    const { temporary } = identityOf(directory);
    assert.equal(done.value.certificate.fingerprint, fingerprintOf(temporary));
    assert.ok(notAfterOf(temporary) > (change.now ?? late));
  }
});

test("[RPR4] a server that is well, runs or was removed, or whose clock is behind, is left as it is", () => {
  const directory = aServer();
  assert.equal(refusalOf(order(directory, { now: start + day })), "nothing");
  assert.equal(refusalOf(order(directory, { now: start - day })), "repair.clock-behind");
  const lock = lockDirectory(directory);
  assert.ok(lock.ok);
  assert.equal(refusalOf(order(directory)), "config.already-running");
  lock.value.release();
  keepRemoval(directory, { by: "admin", at: start });
  assert.equal(refusalOf(order(directory)), "pair.removed");
  assert.equal(refusalOf(order(join(place, "nowhere"))), "config.not-initialised");
});
