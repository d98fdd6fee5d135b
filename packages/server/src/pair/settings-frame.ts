import { z } from "zod";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Setting } from "@gridward/core/codec/server-settings";
import { actorShape } from "@gridward/core/domain/row-shapes";
import { isRefusalCode, type Refusal } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";

/** What servers say to each other of their settings (HS16). The number is the asker's own. */
export type SettingsFrame =
  | { readonly kind: "settings-ask"; readonly id: number }
  | {
      readonly kind: "settings-set";
      readonly id: number;
      readonly setting: Setting;
      readonly actor: Actor;
    }
  | {
      readonly kind: "settings-told";
      readonly id: number;
      readonly outcome: Result<readonly Setting[], Refusal>;
    };

const id = z.int().nonnegative();
const setting = z.strictObject({
  key: z.string().min(1).max(64),
  value: z.union([z.string().max(1_024), z.number(), z.boolean(), z.null()]),
});

const frameShape = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("settings-ask"), id }),
  z.strictObject({ kind: z.literal("settings-set"), id, setting, actor: actorShape }),
  z.strictObject({
    kind: z.literal("settings-told"),
    id,
    outcome: z.discriminatedUnion("ok", [
      z.strictObject({ ok: z.literal(true), value: z.array(setting).max(256) }),
      z.strictObject({
        ok: z.literal(false),
        error: z.strictObject({
          code: z.string().refine(isRefusalCode),
          detail: z.string().max(1_024),
        }),
      }),
    ]),
  }),
]);

export function isSettingsFrame(json: unknown): boolean {
  if (typeof json !== "object" || json === null || !("kind" in json)) return false;
  return typeof json.kind === "string" && json.kind.startsWith("settings-");
}

/** From JSON: every member has its shape and its bounds, and there is no other. Never throws. */
export function parseSettingsFrame(json: unknown): Result<SettingsFrame, string> {
  const parsed = frameShape.safeParse(json);
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues[0]?.message ?? "malformed");
}
