// `npm run demo`: the whole product on real processes. `--unattended` plays the story and ends.
import { preparePeers } from "./peers.ts";
import { Stage } from "./demo/stage.ts";
import { type Step, story } from "./demo/story.ts";
import { stay } from "./demo/stay.ts";

const isUnattended = process.argv.includes("--unattended");
const stage = new Stage();
let isEnding = false;

process.on("SIGINT", () => void end(130));
process.on("SIGTERM", () => void end(143));

await preparePeers(true);
const failures = await play(story(stage, { isUnattended }));
if (!isUnattended && failures === 0) await stay(stage);
await end(failures === 0 ? 0 : 1);

/** One line a step; the first that fails ends the story, because the rest stands on it. */
async function play(steps: AsyncIterable<Step>): Promise<number> {
  let startedAt = performance.now();
  try {
    for await (const { ids, says } of steps) {
      const ms = Math.round(performance.now() - startedAt);
      console.log(`ok   ${ids.join(" ").padEnd(10)} ${says} ${ms} ms`);
      startedAt = performance.now();
    }
    return 0;
  } catch (error) {
    if (isEnding) return 0;
    const ms = Math.round(performance.now() - startedAt);
    const says = error instanceof Error ? error.message : String(error);
    console.log(`FAIL            ${says} ${ms} ms`);
    return 1;
  }
}

/** Cleans up after itself, also on Ctrl-C. */
async function end(code: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await stage.clear();
  process.exit(code);
}
