import assert from "node:assert/strict";
import { test } from "node:test";
import { plainAddress } from "./plain-address.ts";

test("[OS24] an address has one text, however it is written or a socket tells it", () => {
  for (const [text, plain] of [
    [" 192.0.2.7 ", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:C000:207", "192.0.2.7"],
    ["2001:DB8:0:0:0:0:0:9", "2001:db8::9"],
    ["::1", "::1"],
    ["A.example", "a.example"],
    ["", ""],
    [undefined, ""],
  ] as const) {
    assert.equal(plainAddress(text), plain, text);
  }
});

test("[OS24] an address of one link keeps its zone: the same number on another link is another", () => {
  assert.equal(plainAddress("fe80:0::1%eth0"), "fe80::1%eth0");
});
