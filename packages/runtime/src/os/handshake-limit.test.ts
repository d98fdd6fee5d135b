import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Server } from "node:net";
import { test } from "node:test";
import { limitHandshakes } from "./handshake-limit.ts";

/** As much of a socket as a listener looks at. */
class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  isOpen = true;

  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.isOpen = false;
    this.emit("close");
  }
}

function aDoor() {
  const world = { at: 0, port: 0 };
  const turnedAway: string[] = [];
  const server = new Server();
  limitHandshakes(server, {
    most: 4,
    mostOfOne: 2,
    burst: 8,
    perSecond: 2,
    now: () => world.at,
    onTurnedAway: (source) => void turnedAway.push(source),
  });
  const come = (address: string): FakeSocket => {
    const socket = new FakeSocket(address, ++world.port);
    server.emit("connection", socket);
    return socket;
  };
  return { world, server, turnedAway, come };
}

const areOpen = (sockets: readonly FakeSocket[]): readonly boolean[] =>
  sockets.map(({ isOpen }) => isOpen);

test("[OS23] of the handshakes of one source the oldest gives way, of all too", () => {
  const { come, turnedAway } = aDoor();
  const ofOne = ["192.0.2.1", "192.0.2.1", "192.0.2.1"].map(come);
  assert.deepEqual(areOpen(ofOne), [false, true, true]);
  const others = ["192.0.2.2", "192.0.2.3", "192.0.2.4"].map(come);
  assert.deepEqual(areOpen([...ofOne, ...others]), [false, false, true, true, true, true]);
  assert.deepEqual(turnedAway, ["192.0.2.1", "192.0.2.1"]);
});

test("[OS23] a handshake that is done, or has ended, is under way no more", () => {
  const { come, server, turnedAway } = aDoor();
  const done = come("192.0.2.1");
  server.emit("secureConnection", done);
  const ended = come("192.0.2.1");
  ended.destroy();
  const two = [come("192.0.2.1"), come("192.0.2.1")];
  assert.deepEqual(areOpen([done, ...two]), [true, true, true]);
  assert.deepEqual(turnedAway, []);
});

test("[OS23] one source begins so many a second; another is not slowed down by it", () => {
  const { come, server, world } = aDoor();
  const through = (address: string, tries: number): number => {
    const sockets = Array.from({ length: tries }, () => {
      const socket = come(address);
      if (socket.isOpen) server.emit("secureConnection", socket);
      return socket;
    });
    return sockets.filter(({ isOpen }) => isOpen).length;
  };
  assert.equal(through("2001:db8::1", 20), 8);
  assert.equal(through("2001:db8::2", 20), 0, "the same /64");
  assert.equal(through("192.0.2.9", 3), 3);
  world.at += 1_000;
  assert.equal(through("2001:db8::1", 20), 2);
});
