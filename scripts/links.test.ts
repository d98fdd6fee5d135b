import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinks } from "./links.ts";

test("[WS6] reports a link that leads nowhere, and no other", () => {
  const text =
    "[a](../README.md) [b](adr/x.md#part) [c](https://example.org) [d](#here) [e](gone.md)";
  const known = ["README.md", "docs/adr/x.md"];
  assert.deepEqual(
    checkLinks(new Map([["docs/A.md", text]]), (path) => known.includes(path)),
    ["docs/A.md links to gone.md, which does not exist"],
  );
});
