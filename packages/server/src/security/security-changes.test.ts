import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { second } from "@gridward/core/base/time";
import { runSoon } from "@gridward/runtime/os/clock";
import { aChangingServer, admin, broken, good, text, untried } from "./a-changing-server.ts";
import { securityAlarms } from "./security-alarms.ts";
import { silentAtMost, takenBackAfter } from "./security-changes.ts";
import { takeBackUnconfirmed } from "./take-back.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-security-"));
after(() => rmSync(place, { recursive: true }));

test("[SCH1][CS1][CS8] a change is in the file and in force at once, and every link is made anew", async () => {
  const { set, written, settings, world, isPending } = aChangingServer(place);
  const done = await set({ check_names: false, tls_min: "1.3" });
  assert.deepEqual(done.ok && done.value, [
    { name: "check_names", before: true, after: false },
    { name: "tls_min", before: "1.2", after: "1.3" },
  ]);
  assert.deepEqual(settings.now, { ...defaultSecurity, check_names: false, tls_min: "1.3" });
  assert.deepEqual(settings.link.checkNames, false);
  assert.equal(
    written(),
    text.replace("[security]\n", '[security]\ntls_min = "1.3"\ncheck_names = false\n'),
  );
  assert.deepEqual([world.refreshed, world.judged, isPending()], [1, 1, false]);
  assert.deepEqual(world.told, [
    { actor: admin, change: "check-names true -> false, tls-min 1.2 -> 1.3", refusal: null },
  ]);
});

test("[SCH2][CS1] what is refused or only tried changes neither file nor settings", async () => {
  const { set, written, settings, world, directory } = aChangingServer(place);
  const tried = await set({ temporary: true }, false, true);
  assert.deepEqual(tried.ok && tried.value, [{ name: "temporary", before: false, after: true }]);
  const same = await set({ temporary: false });
  assert.ok(!same.ok && same.error.code === "security.unchanged");
  assert.deepEqual([written(), settings.now, world.refreshed], [text, defaultSecurity, 0]);
  const odd = text.replace("[security]", "[ security ]");
  writeFileSync(join(directory, "server.toml"), odd);
  const refused = await set({ tls_min: "1.3" });
  assert.ok(!refused.ok, "the table is written in a form that is left to a person");
  assert.deepEqual([written(), settings.now, world.refreshed], [odd, defaultSecurity, 0]);
  assert.equal(world.told.at(-1)?.refusal?.code, refused.error.code);
});

test("[SCH3][CS11] a change that breaks a link is taken back after 60 s, in file and force", async () => {
  const { set, inFile, settings, world, isPending, pass, last, changes } = aChangingServer(place);
  world.passes = false;
  assert.ok((await set({ temporary: true })).ok);
  assert.ok(isPending() && settings.now.temporary && inFile().temporary);
  assert.deepEqual(changes.unconfirmed?.broken, ["B"]);
  pass(takenBackAfter - 18 * second);
  const [alarm] = securityAlarms(settings, changes.unconfirmed, 0);
  assert.match(alarm?.text ?? "", /temporary false -> true broke the link to B.* in 18 s/);
  assert.match(alarm?.remedy ?? "", /gridward security confirm/);
  pass(18 * second - 1);
  assert.ok(settings.now.temporary);
  world.passes = true;
  pass(1);
  assert.deepEqual([settings.now, inFile()], [defaultSecurity, defaultSecurity]);
  assert.deepEqual([isPending(), changes.unconfirmed, world.refreshed], [false, null, 2]);
  assert.match(last(), /^taken back, the link to B was not valid again: temporary true -> false$/);
  assert.equal(world.told.at(-1)?.actor, null);
});

test("[SCH3][CS11] a partner that is not reached takes nothing back, and is waited for ten minutes", async () => {
  const { set, settings, world, isPending, pass, last, changes } = aChangingServer(place);
  world.passes = false;
  world.cause = "T17";
  await set({ temporary: true });
  pass(takenBackAfter);
  assert.deepEqual([changes.unconfirmed?.broken, changes.unconfirmed?.silent], [[], ["B"]]);
  const [alarm] = securityAlarms(settings, changes.unconfirmed, 0);
  assert.match(alarm?.text ?? "", /B is not reached.* kept in 540 s/);
  pass(silentAtMost - takenBackAfter - 1);
  assert.ok(isPending() && settings.now.temporary);
  pass(1);
  assert.deepEqual([isPending(), settings.now.temporary], [false, true]);
  assert.match(last(), /^kept, nobody refused it and B was not reached: temporary false -> true$/);
});

test("[SCH3][CS11] who refuses and is not reached afterwards, or the other way round, has it taken back", async () => {
  for (const causes of [
    ["T01", "T17"],
    ["T17", "T01"],
  ] as const) {
    const { set, settings, world, pass, last, judge } = aChangingServer(place);
    world.passes = false;
    [world.cause] = causes;
    await set({ temporary: true });
    pass(takenBackAfter / 2);
    world.cause = causes[1];
    judge();
    pass(takenBackAfter / 2);
    assert.equal(settings.now.temporary, false);
    assert.match(last(), /^taken back/);
  }
});

test("[SCH5][CS11] an order that is confirmed confirms what waited, and says so", async () => {
  const { set, isPending, world, last } = aChangingServer(place);
  world.passes = false;
  await set({ temporary: true });
  await set({ check_names: false }, true);
  assert.equal(isPending(), false);
  assert.equal(
    last(),
    "check-names true -> false, confirmed, and with it what waited: temporary false -> true",
  );
});

test("[SCH2][SCH5][CS11] what is refused, only tried or not confirmed confirms nothing that waits", async () => {
  const { set, directory, isPending, inFile, written, world, last } = aChangingServer(place);
  const file = join(directory, "server.toml");
  world.passes = false;
  await set({ temporary: true });
  const waits = written();
  assert.ok((await set({ tls_min: "1.3" }, true, true)).ok);
  assert.ok(isPending());
  for (const isConfirmed of [true, false]) {
    // The table is written in a form that is left to a person.
    writeFileSync(file, waits.replace("[security]", "[ security ]"));
    assert.ok(!(await set({ check_names: false }, isConfirmed)).ok);
    assert.equal(last(), "check-names true -> false", "nothing was confirmed");
    assert.ok(isPending());
  }
  writeFileSync(file, waits);
  await set({ tls_min: "1.3" });
  assert.equal(last(), "tls-min 1.2 -> 1.3");
  assert.ok(isPending());
  const { use } = takeBackUnconfirmed(directory, inFile());
  assert.match(
    use?.change ?? "",
    /^taken back, this server ended before it was confirmed: temporary true -> false, tls-min 1\.3/,
  );
});

test("[SCH4][CS11] it stays when the link is valid again in time", async () => {
  const { set, settings, world, isPending, pass, last, judge } = aChangingServer(place);
  world.passes = false;
  await set({ temporary: true });
  pass(takenBackAfter - 1);
  assert.ok(isPending());
  world.passes = true;
  judge();
  pass(0);
  assert.equal(isPending(), false);
  assert.match(last(), /^kept, the links are valid again: temporary false -> true$/);
  pass(10 * takenBackAfter);
  assert.ok(settings.now.temporary);
});

test("[SCH5][CS11] it stays when somebody confirms it, before or after", async () => {
  const before = aChangingServer(place);
  before.world.passes = false;
  await before.set({ temporary: true }, true);
  assert.deepEqual([before.isPending(), before.changes.unconfirmed], [false, null]);
  assert.equal(before.last(), "temporary false -> true, confirmed");
  const later = aChangingServer(place);
  later.world.passes = false;
  await later.set({ temporary: true });
  assert.ok(later.changes.confirm(admin).ok);
  assert.equal(later.isPending(), false);
  const said = { actor: admin, change: "confirmed: temporary false -> true", refusal: null };
  assert.deepEqual(later.world.told.at(-1), said);
  for (const { pass, settings, changes } of [before, later]) {
    pass(takenBackAfter);
    assert.ok(settings.now.temporary);
    const again = changes.confirm(admin);
    assert.ok(!again.ok && again.error.code === "security.nothing-to-confirm");
  }
});

test("[SCH3][CS11] a link that was broken before, and a server without partner, take nothing back", async () => {
  const down = aChangingServer(place);
  down.world.links = { dial: broken, accept: untried };
  down.world.passes = false;
  const lone = aChangingServer(place);
  lone.world.partners = [];
  for (const { set, pass, settings, isPending } of [down, lone]) {
    await set({ temporary: true });
    assert.equal(isPending(), false);
    pass(takenBackAfter);
    assert.ok(settings.now.temporary);
  }
});

test("[SCH3][CS11] one direction that passed before must pass again; one that did not need not", async () => {
  const { set, isPending, world } = aChangingServer(place);
  world.links = { dial: good, accept: untried };
  await set({ tls_min: "1.3" });
  assert.equal(isPending(), false);
  world.passes = false;
  await set({ temporary: true });
  assert.ok(isPending());
});

test("[SCH6][CS11] a second change before the first is confirmed goes back to where both began", async () => {
  const { set, settings, world, isPending, pass, inFile } = aChangingServer(place);
  world.passes = false;
  await set({ temporary: true });
  pass(30 * second);
  await set({ check_names: false });
  pass(takenBackAfter - 1);
  assert.ok(settings.now.temporary && !settings.now.check_names);
  pass(1);
  assert.deepEqual([settings.now, inFile()], [defaultSecurity, defaultSecurity]);
  await set({ temporary: true });
  await set({ temporary: false });
  assert.equal(isPending(), false);
});

test("[SCH7][CS11] what nobody confirmed before the server ended is taken back at its next start", async () => {
  const { set, directory, inFile, isPending, world } = aChangingServer(place);
  world.passes = false;
  await set({ temporary: true, tls_min: "1.3" });
  const started = takeBackUnconfirmed(directory, inFile());
  assert.deepEqual([started.settings, inFile()], [defaultSecurity, defaultSecurity]);
  assert.match(started.use?.change ?? "", /: temporary true -> false, tls-min 1\.3 -> 1\.2$/);
  assert.equal(isPending(), false);
  assert.deepEqual(takeBackUnconfirmed(directory, inFile()), {
    settings: defaultSecurity,
    use: null,
  });
});

test("[SCH7][CS11] a crash before the settings were written leaves nothing to take back", () => {
  const { directory, written, inFile, isPending } = aChangingServer(place);
  const file = join(directory, "security-pending.json");
  for (const [content, isGone] of [
    ['{"v":1,"before":{"temporary":"false"}}', true],
    ['{"v":1,"before":{"temporary":"maybe"}}', false],
    ["{", false],
    ["x".repeat(10_000), false],
  ] as const) {
    writeFileSync(file, content);
    assert.deepEqual(takeBackUnconfirmed(directory, inFile()), {
      settings: defaultSecurity,
      use: null,
    });
    assert.equal(written(), text);
    assert.equal(isPending(), !isGone);
    rmSync(file, { force: true });
  }
});

test("[SCH8][CS1] each weaker setting is a standing alarm from when it was set", async () => {
  const { set, settings, world } = aChangingServer(place);
  assert.deepEqual(securityAlarms(settings, null, 0), []);
  world.at = 5 * second;
  await set({ validate_partner: false, require_client_certificates: false }, true);
  const alarms = securityAlarms(settings, null, 0);
  assert.deepEqual(
    alarms.map(({ code, since }) => [code, since]),
    [
      ["security.validation-off", "1970-01-01T00:00:05.000Z"],
      ["security.certificates-not-required", "1970-01-01T00:00:05.000Z"],
    ],
  );
  await set({ validate_partner: true, require_client_certificates: true });
  assert.deepEqual(securityAlarms(settings, null, 0), []);
  await new Promise<void>(runSoon);
});

test("[SCH10][CS8][CS9] where another certificate is shown every link is made anew, and no setting changes", async () => {
  const { changes, world, settings } = aChangingServer(place);
  changes.relink();
  await new Promise<void>(runSoon);
  assert.deepEqual([world.judged, settings.now, world.told], [1, defaultSecurity, []]);
});
