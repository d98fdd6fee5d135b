import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId } from "@gridward/core/base/identity";
import type { Reported } from "@gridward/core/codec/replica/message";
import { minute, second } from "@gridward/core/base/time";
import { refuse } from "@gridward/core/domain/refusal";
import { tellDevices, tellEnrolments, tellRefusedOrders } from "./tell-peers.ts";

test("[EL7][EST11] a stranger who tries to enrol under ever new names is told of once a minute", () => {
  const told: (readonly [string, number])[] = [];
  let at = 0;
  const onEnrolmentRefused = ({ name }: { readonly name: string }, more: number): void =>
    void told.push([name, more]);
  const tell = tellEnrolments({ onEnrolmentRefused }, () => at);
  const aTry = (name: string, source: string): void =>
    tell({ name, source, refusal: refuse("enrolment.rejected", name).error });
  for (let time = 1; time <= 500; time++) aTry(`Q${time}`, `2001:db8::${time.toString(16)}`);
  aTry("Q01", "192.0.2.9");
  at += minute;
  aTry("Q501", "2001:db8::1");
  assert.deepEqual(told, [
    ["Q1", 0],
    ["Q01", 0],
    ["Q501", 499],
  ]);
});

test("[EL7] a device that reports without end is told of sixty times, then once in ten seconds", () => {
  const told: number[] = [];
  let at = 0;
  const onDevice = (_: unknown, more: number): void => void told.push(more);
  const tell = tellDevices(
    { onDevice, onDecision: () => assert.fail("none was reported") },
    () => at,
    () => undefined,
  );
  const [device, other] = [deviceId("Q01"), deviceId("Q02")];
  for (let time = 0; time < 1_000; time++) {
    tell({ kind: "reported", device, decided: [], failures: [] });
  }
  tell({ kind: "reported", device: other, decided: [], failures: [] });
  assert.equal(told.length, 61);
  at += 10 * second;
  tell({ kind: "disconnected", device, reason: "" });
  assert.equal(told.at(-1), 940);
});

test("[EL9][EL7] what a device decided is told one by one, 2,048 at once and then at a rate", () => {
  const told: (readonly [number, number])[] = [];
  let at = 0;
  const tell = tellDevices(
    {
      onDevice: () => undefined,
      onDecision: (_, { number }, more) => void told.push([number, more]),
    },
    () => at,
    () => undefined,
  );
  const device = deviceId("Q01");
  const report = (from: number, count: number): void => {
    const decided = Array.from({ length: count }, (_, index) => aDecision(from + index));
    tell({ kind: "reported", device, decided, failures: [] });
  };
  report(1, 2_048);
  assert.equal(told.length, 2_048);
  report(2_049, 200);
  assert.equal(told.length, 2_048);
  at += 10 * second;
  report(2_249, 1);
  assert.deepEqual(told.at(-1), [2_249, 200]);
});

function aDecision(number: number): Reported {
  const by = { account: "anna", accessPoint: "panel", source: "replica" } as const;
  return { ...by, number, at: 0, event: 1110, reason: "accepted from the replica" };
}

test("[EL11][AM8] who tries what is not allowed is told of once a minute and route", () => {
  const told: (readonly [string, number])[] = [];
  let at = 0;
  const onRefusedOrder = ({ order }: { readonly order: string }, more: number): void =>
    void told.push([order, more]);
  const tell = tellRefusedOrders({ onRefusedOrder }, () => at);
  const actor = { kind: "account", id: "7", name: "vera", door: "https", source: "" } as const;
  const { error: refusal } = refuse("access.denied", "SECAUD");
  for (let time = 0; time < 100; time++) {
    for (const order of ["GET /v1/events", "POST /v1/accounts"]) {
      tell({ actor, event: 1460, order, refusal });
    }
  }
  at += minute;
  tell({ actor, event: 1460, order: "GET /v1/events", refusal });
  assert.deepEqual(told, [
    ["GET /v1/events", 0],
    ["POST /v1/accounts", 0],
    ["GET /v1/events", 99],
  ]);
});
