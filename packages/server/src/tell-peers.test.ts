import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId } from "@gridward/core/base/identity";
import { minute, second } from "@gridward/core/base/time";
import { refuse } from "@gridward/core/domain/refusal";
import { tellDevices, tellEnrolments } from "./tell-peers.ts";

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
    { onDevice },
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
