import type { Stage } from "./stage.ts";

/** Runs until Ctrl-C, and says what there is to try. */
export async function stay(stage: Stage): Promise<void> {
  const home = stage.path("home");
  console.log(`
The system runs. Try, in another terminal:

  export GRIDWARD_HOME=${home}
  bin/gridward whoami
  bin/gridward account list --limit 5
  bin/gridward pair status
  bin/gridward server status ${stage.path("A")}
  bin/gridward ied status ${stage.path("device-1")}
  bin/gridward ied login ${stage.path("device-1")} anna      (password in ${stage.path("anna")})

Ctrl-C ends it and removes everything.`);
  await new Promise(() => setInterval(() => {}, 60_000));
}
