import type { KeyObject } from "node:crypto";
import { basename } from "node:path";
import { type Finding, sound, unsound } from "@gridward/runtime/journal/finding";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { listTails, readTailFile } from "./tail-folder.ts";

/** The doctor's look at the set-aside files of a data directory: each whole, and signed by us. */
export function examineTails(directory: string, pairingKey: KeyObject): readonly Finding[] {
  const own = pairingKeyText(pairingKey);
  const findings: Finding[] = [];
  let files = 0;
  let changes = 0;
  for (const path of listTails(directory)) {
    const tail = readTailFile(path);
    const isOurs = !tail.ok || tail.value.header.pairingKey === own;
    const fault = tail.ok ? "another server signed it" : tail.error;
    if (!tail.ok || !isOurs) {
      const says = `The set-aside file ${basename(path)} does not verify: ${fault}.`;
      findings.push(unsound("set-aside", says, "Put it back from a copy; delete nothing here."));
      continue;
    }
    files++;
    changes += tail.value.lines.length;
  }
  if (findings.length > 0) return findings;
  const says = `${files} set-aside files with ${changes} changes are whole and signed by us.`;
  return [sound("set-aside", files === 0 ? "No change was ever set aside here." : says)];
}
