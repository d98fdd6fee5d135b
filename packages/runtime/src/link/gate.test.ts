import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { type GateSocket, openGate } from "./gate.ts";
import { manualClock } from "./test-link.ts";

class FakeSocket extends EventEmitter implements GateSocket {
  remoteAddress: string | undefined;
  readonly remotePort: number;
  isDestroyed = false;

  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.remoteAddress = undefined;
    this.emit("close");
  }
}

/** How many of these, one after the other, are let in. */
function countIn(addresses: readonly string[], gate = openGate(manualClock(0))): number {
  return addresses.filter((address, port) => gate.enter(new FakeSocket(address, port))).length;
}

test("[LK5] an IPv6 /64 waits in no more than four places, and so leaves sixty to others", () => {
  const host = (network: string) => (_: unknown, index: number) => `${network}::${index + 1}`;
  const one = Array.from({ length: 64 }, host("2001:db8:1:2"));
  assert.equal(countIn(one), 4);
  const gate = openGate(manualClock(0));
  assert.equal(countIn(one, gate), 4);
  const another = Array.from({ length: 5 }, host("2001:db8:1:3"));
  assert.equal(countIn(another, gate), 4);
});

test("[LK5] IPv4 addresses are counted one by one, mapped into IPv6 or not", () => {
  const mapped = Array.from({ length: 20 }, (_, index) => `::ffff:192.0.2.${index % 4}`);
  assert.equal(countIn(mapped), 16);
  assert.equal(countIn([...mapped, ...Array.from({ length: 4 }, () => "192.0.2.0")]), 16);
  const all = Array.from({ length: 70 }, (_, index) => `192.0.2.${index}`);
  assert.equal(countIn(all), 64);
});

test("[LK5] whoever left, or is verified, or ended before more time is asked for, holds no place", () => {
  const clock = manualClock(0);
  const gate = openGate(clock);
  const sockets = [1, 2, 3, 4].map((port) => new FakeSocket("192.0.2.1", port));
  for (const socket of sockets) assert.equal(gate.enter(socket), true);
  assert.equal(gate.enter(new FakeSocket("192.0.2.1", 5)), false);
  const [gone, verified, stays] = sockets;
  assert.ok(gone && verified && stays);
  gone.destroy();
  gate.extend(gone, 60_000);
  gate.leave(verified);
  gate.extend(stays, 60_000);
  assert.equal(countIn(["192.0.2.1", "192.0.2.1", "192.0.2.1"], gate), 2);
  clock.advance(5_000);
  assert.deepEqual([verified.isDestroyed, stays.isDestroyed], [false, false]);
});

test("[LK23] one source opens so many connections a second, whether they end at once or not", () => {
  const clock = manualClock(0);
  const gate = openGate(clock);
  const comeAndGo = (address: string, times: number): number => {
    const tries = Array.from({ length: times }, (_, port) => new FakeSocket(address, port));
    return tries.filter((socket) => {
      const isIn = gate.enter(socket);
      socket.destroy();
      return isIn;
    }).length;
  };
  assert.equal(comeAndGo("192.0.2.1", 1_000), 256);
  assert.equal(comeAndGo("192.0.2.2", 1_000), 256, "another source has its own");
  clock.advance(1_000);
  assert.equal(comeAndGo("192.0.2.1", 1_000), 64);
});
