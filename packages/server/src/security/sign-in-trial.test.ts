import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  defaultSecurity,
  type SecurityChange,
  securityNames,
  securitySpecs,
} from "@gridward/core/base/security-settings";
import { reasonsToProve, shutOuts } from "@gridward/core/domain/shut-outs";
import { aChangingServer, admin } from "./a-changing-server.ts";
import { securityAlarms } from "./security-alarms.ts";
import { takenBackAfter } from "./security-changes.ts";
import { trialLasts } from "./sign-in-trial.ts";
import { readPending } from "./pending-file.ts";
import { takeBackUnconfirmed } from "./take-back.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-security-"));
after(() => rmSync(place, { recursive: true }));

type Server = ReturnType<typeof aChangingServer>;

/** An administrator signs in, on a connection that began now, and says that it stays. */
function signIn({ trial }: Server, begunUnder = trial.count) {
  const proof = { session: "1", begunUnder };
  trial.noteSignIn(proof);
  return trial.pass(proof, admin);
}

const waits = "security.sign-in-needed";

test("[SIT1][CS17] what may shut administrators out is taken back where none of them signs in under it", async () => {
  const server = aChangingServer(place);
  const { setOver, settings, inFile, isPending, pass, last, changes, trial, world } = server;
  assert.ok((await setOver({ require_client_certificates: true })).ok);
  assert.match(last(), /link -> true, on trial until an administrator signs in under it$/);
  assert.ok(isPending() && settings.now.require_client_certificates === true);
  assert.equal(trial.standing?.left, trialLasts);
  const refused = changes.confirm(admin);
  assert.ok(!refused.ok && refused.error.code === waits);
  pass(trialLasts - 1);
  assert.equal(inFile().require_client_certificates, true);
  pass(1);
  assert.deepEqual([settings.now, inFile()], [defaultSecurity, defaultSecurity]);
  assert.deepEqual([isPending(), trial.standing, world.refreshed], [false, null, 2]);
  assert.match(
    last(),
    /^taken back, no administrator signed in under it: require-client-certificates true -> link$/,
  );
  assert.equal(world.told.at(-1)?.actor, null);
});

test("[SIT2][CS17] it stays when an administrator signed in since, on a connection that began since", async () => {
  const server = aChangingServer(place);
  const { setOver, settings, isPending, pass, last, trial } = server;
  const before = { session: "1", begunUnder: trial.count };
  trial.noteSignIn(before);
  await setOver({ temporary: true });
  const now = trial.count;
  const answerTo = (proof: typeof before) => {
    const passed = trial.pass(proof, admin);
    return passed.ok || passed.error.code;
  };
  assert.equal(answerTo(before), waits, "signed in before");
  trial.noteSignIn(before);
  assert.equal(answerTo({ session: "1", begunUnder: now }), waits, "on a connection of before");
  trial.noteSignIn({ session: "1", begunUnder: now });
  assert.equal(answerTo(before), waits, "said on a connection of before");
  assert.equal(answerTo({ session: "2", begunUnder: now }), waits, "somebody else's session");
  assert.equal(answerTo({ session: "1", begunUnder: now }), true);
  assert.match(last(), /^kept, an administrator signed in under it: temporary false -> true$/);
  assert.deepEqual([isPending(), trial.standing], [false, null]);
  pass(10 * trialLasts);
  assert.ok(settings.now.temporary);
});

test("[SIT3][CS17] there is one trial at a time; who sets it back ends it at once", async () => {
  const { setOver, settings, pass, trial, isPending, changes } = aChangingServer(place);
  await setOver({ map_clients: true });
  pass(trialLasts - 1);
  for (const change of [{ tls_min: "1.3" }, { legacy: true }] as const) {
    const second = await setOver(change);
    assert.ok(!second.ok && second.error.code === "security.trial-under-way");
  }
  assert.deepEqual(settings.now, { ...defaultSecurity, map_clients: true });
  const back = { map_clients: false };
  assert.deepEqual(changes.reasonsToProve({ change: back, mustProve: true }), []);
  assert.ok((await setOver(back)).ok);
  assert.deepEqual([settings.now, trial.standing, isPending()], [defaultSecurity, null, false]);
  assert.ok((await setOver({ tls_min: "1.3" })).ok);
});

test("[SIT4][CS17] who stands at the machine needs no proof, and may go on while one is waited for", async () => {
  const alone = aChangingServer(place);
  await alone.set({ temporary: true });
  assert.deepEqual([alone.trial.standing, alone.isPending()], [null, false]);
  const server = aChangingServer(place);
  const { set, setOver, settings, pass, trial } = server;
  await setOver({ temporary: true });
  const began = trial.count;
  pass(trialLasts / 2);
  await set({ check_names: false });
  assert.equal(trial.standing?.change, "temporary false -> true, check-names true -> false");
  const early = signIn(server, began);
  assert.ok(!early.ok && early.error.code === waits, "it has not seen all of it");
  pass(trialLasts / 2);
  assert.deepEqual(settings.now, defaultSecurity, "the time is that of the first");
  await setOver({ temporary: true });
  assert.ok(trial.keep(admin, "by order on the server itself").ok);
  pass(trialLasts);
  assert.ok(settings.now.temporary);
  await setOver({ temporary: false });
  await set({ check_names: false }, true);
  assert.equal(trial.standing, null, "a change that is confirmed confirms what waited");
});

test("[SIT5][CS17] a server that ended within the trial takes the change back at its next start", async () => {
  const { setOver, directory, inFile, isPending } = aChangingServer(place);
  await setOver({ require_client_certificates: true }, { isConfirmed: true });
  assert.equal(inFile().require_client_certificates, true);
  const started = takeBackUnconfirmed(directory, inFile());
  assert.deepEqual([started.settings, inFile()], [defaultSecurity, defaultSecurity]);
  assert.match(
    started.use?.change ?? "",
    /^taken back, this server ended before an administrator signed in under it: require-client-c/,
  );
  assert.equal(isPending(), false);
});

test("[SIT6][CS17][CS11] a sign-in says nothing of the links: what broke one is still taken back", async () => {
  const server = aChangingServer(place);
  const { setOver, settings, world, pass, last, changes, isPending, directory } = server;
  world.passes = false;
  await setOver({ temporary: true });
  pass(1);
  assert.ok(signIn(server).ok);
  assert.deepEqual([changes.unconfirmed?.broken, isPending()], [["B"], true]);
  const kept = readPending(directory);
  assert.equal(kept?.isOnTrial, false, "a restart says that the link was waited for");
  pass(takenBackAfter);
  assert.equal(settings.now.temporary, false);
  assert.match(last(), /^taken back, the link to B was not valid again: /);
  await setOver({ temporary: true }, { isConfirmed: true });
  assert.ok(signIn(server).ok);
  pass(takenBackAfter);
  assert.ok(settings.now.temporary, "--confirm is of the links, and the sign-in of administrators");
});

test("[SIT7][CS17] which settings may shut administrators out, and why, stands in one table", () => {
  const perilous = securityNames.flatMap((name) => {
    const before = securitySpecs[name].choices[0];
    const values = securitySpecs[name].choices.filter(
      (choice) => reasonsToProve([{ name, before, after: choice }]).length > 0,
    );
    return values.length > 0 ? [`${name}: ${values.join(" ")}`] : [];
  });
  assert.deepEqual(perilous, [
    "temporary: false true",
    "require_client_certificates: true",
    "map_clients: false true",
    "tls_min: 1.3",
    "revocation: hard",
  ]);
  for (const name of securityNames) assert.match(shutOuts[name].why, /HTTPS|administrator/);
});

test("[SIT1][CS17] what decides about nobody who administers needs no sign-in", async () => {
  const harmless: SecurityChange = {
    validate_partner: false,
    client_certificate: "disabled",
    partner_pin: "a".repeat(64),
    require_client_certificates: false,
    legacy: true,
    legacy_peers: "any",
    check_names: false,
    revocation: "off",
  };
  const { setOver, trial, isPending, changes } = aChangingServer(place);
  assert.deepEqual(changes.reasonsToProve({ change: harmless, mustProve: true }), []);
  await setOver(harmless);
  assert.deepEqual([trial.standing, isPending()], [null, false]);
});

test("[SIT8][CS17] the alarm says why, and until when somebody must sign in", async () => {
  const { setOver, settings, trial, pass } = aChangingServer(place);
  await setOver({ tls_min: "1.3" });
  pass(20_000);
  assert.ok(trial.standing !== null);
  const { why: signIn1, ...standing } = trial.standing;
  const [alarm] = securityAlarms(
    settings,
    { ...standing, broken: [], silent: [], signIn: signIn1 },
    0,
  );
  assert.equal(alarm?.code, "security.unconfirmed");
  assert.match(alarm.text, /tls-min 1\.2 -> 1\.3 .*TLS 1\.2 at most\. .* in 40 s/);
  assert.match(alarm.remedy, /gridward security confirm/);
});
