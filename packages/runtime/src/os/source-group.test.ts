import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { sourceGroup } from "./source-group.ts";

test("[OS20] an IPv6 address counts as its /64, an IPv4 address for itself, mapped or not", () => {
  for (const [address, group] of [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["1::2:3:4:5:6:7", "1:0:2:3::/64"],
    ["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["", ""],
  ] as const) {
    assert.equal(sourceGroup(address), group, address);
  }
});

test("[OS20] all addresses of a /64 are one, and those of two never are", () => {
  const group = fc.integer({ min: 1, max: 0xff_ff }).map((each) => each.toString(16));
  const four = fc.array(group, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(four, four, four, (network, host, other) => {
      const one = sourceGroup([...network, ...host].join(":"));
      assert.equal(sourceGroup([...network, ...other].join(":")), one);
      const isSame = network.join(":") === other.join(":");
      assert.equal(sourceGroup([...other, ...host].join(":")) === one, isSame);
    }),
  );
});
