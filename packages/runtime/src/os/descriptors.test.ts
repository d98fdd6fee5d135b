import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { descriptorLimit } from "./descriptors.ts";

const isLinux = process.platform === "linux";

test("[OS17] the limit of descriptors is that of this process", { skip: !isLinux }, () => {
  assert.ok((descriptorLimit() ?? 0) > 64);
  const module = new URL("descriptors.ts", import.meta.url).href;
  const script = `import { descriptorLimit } from "${module}"; console.log(descriptorLimit());`;
  const node = `"${process.execPath}" --input-type=module-typescript -e '${script}'`;
  const limited = spawnSync("/bin/sh", ["-c", `ulimit -n 222 && ${node}`], { encoding: "utf8" });
  assert.equal(limited.stdout.trim(), "222", limited.stderr);
});
