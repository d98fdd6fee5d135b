import { type DemoServer, member, statusOf, waitFor } from "./cast.ts";
import { expect } from "./device-scenes.ts";
import { mainOf, standbyOf } from "./pair-scenes.ts";
import { until } from "./stage.ts";
import type { Scene, Step } from "./story.ts";

/** Both servers must say so in this time, and be well again in this time. */
const toldWithinMs = 10_000;

/** What the two say of each other: code, sentence and remedy. */
type Said = readonly [code: unknown, refusedBy: unknown, remedy: unknown];

/**
 * CS9: the disaster that the originals warn of in capital letters. The Standby validates, the Main
 * shows a temporary certificate: endless synchronising there, one cause and one remedy here.
 */
export async function* securityScenes(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const [main, standby] = [mainOf(scene), standbyOf(scene)];
  const set = ["security", "set", "--local", main.directory] as const;
  const tried = await stage.must(...set, "temporary=true", "--dry-run");
  const foreseen = JSON.stringify(tried["effects"]);
  expect(foreseen.includes('"T01"'), "the dry run foresees T01", foreseen);
  const unasked = await stage.run(...set, "temporary=true");
  expect(unasked.exit !== 0, "what would break a link is asked first", unasked.data);
  const brokenAt = performance.now();
  await stage.must(...set, "temporary=true", "--confirm");
  const [first, second] = await bothSay(scene, ([code]) => code === "T01");
  expect(JSON.stringify(first) === JSON.stringify(second), "both say the same", [first, second]);
  await waitFor(stage, standby, "standby-security-conflict");
  const toldAfter = performance.now() - brokenAt;
  expect(toldAfter < toldWithinMs, "both say so within 10 s", toldAfter);
  // Who comes over HTTPS sees the temporary certificate too, and must trust it by name.
  const over = [
    "--server",
    main.url,
    "--ca",
    stage.path(main.name, "certificates", "temporary.pem"),
  ];
  const refused = await stage.run("pair", "changeover", "--to", standby.name, ...over);
  expect(refused.exit === 7, "a changeover is refused", refused);
  await stage.must("group", "create", "made-in-the-conflict", ...over);
  yield {
    ids: ["CS9", "CS10"],
    says: `${main.name} shows a temporary certificate, ${standby.name} validates: foreseen, then both say T01 by ${standby.name} after ${Math.round(toldAfter)} ms; changeover refused: "${refused.error?.message ?? ""}"`,
  };
  const healedAt = performance.now();
  await stage.must(...set, "temporary=false");
  await waitFor(stage, standby, "standby-valid");
  await waitFor(stage, main, "main-protected");
  await bothSay(scene, ([code]) => code === undefined);
  const healedAfter = performance.now() - healedAt;
  expect(healedAfter < toldWithinMs, "it heals by itself within 10 s", healedAfter);
  const { data } = await stage.run("group", "list", "--server", standby.url);
  expect(JSON.stringify(data).includes("made-in-the-conflict"), "nothing is lost", data);
  yield {
    ids: ["CS8", "CS9"],
    says: `${main.name} shows its certificate again: both healed by themselves in ${Math.round(healedAfter)} ms, no restart, what was changed meanwhile is on ${standby.name}`,
  };
}

async function bothSay(
  { stage, servers }: Scene,
  isSo: (said: Said) => boolean,
): Promise<readonly Said[]> {
  const look = async (server: DemoServer): Promise<Said> => {
    const { partners } = await statusOf(stage, server);
    const conflict = member(Array.isArray(partners) ? partners[0] : undefined, "conflict");
    return [member(conflict, "code"), member(conflict, "refused_by"), member(conflict, "remedy")];
  };
  return until("both say the same", 20_000, async () => {
    const said = await Promise.all(servers.map(look));
    return said.every(isSo) ? said : undefined;
  });
}
