import * as z from "zod";
import { serverCost } from "@gridward/core/api/device-package";
import { displayTimeoutMax, displayTimeoutMin } from "../authority/sessions.ts";
import { intervalMax, intervalMin, revocationModes } from "../config.ts";

const change = z.discriminatedUnion("key", [
  z.strictObject({
    key: z.literal("replica_interval"),
    value: z.int().min(intervalMin).max(intervalMax),
  }),
  z.strictObject({ key: z.literal("revocation"), value: z.enum(revocationModes) }),
  z.strictObject({
    key: z.literal("display_timeout"),
    value: z.int().min(displayTimeoutMin).max(displayTimeoutMax),
  }),
  /** By name of the server; one that is not named keeps its cost. */
  z.strictObject({ key: z.literal("cost"), value: z.record(z.string().max(64), serverCost) }),
]);

export type ChangeRequest = z.infer<typeof change>;

/** What the verbs of `gridward ied` ask of the running device, over its local socket. */
export const localRequest = z.discriminatedUnion("verb", [
  z.strictObject({ verb: z.literal("status") }),
  z.strictObject({
    verb: z.literal("login"),
    name: z.string().min(1).max(128),
    password: z.string().max(1_024),
  }),
  z.strictObject({ verb: z.literal("logout"), name: z.string().min(1).max(128).nullable() }),
  z.strictObject({
    verb: z.literal("check"),
    name: z.string().min(1).max(128),
    right: z.string().min(1).max(64),
    object: z.string().min(1).max(520).nullable(),
  }),
  z.strictObject({ verb: z.literal("athstat") }),
  /** Who is signed in under this name; `isUsed`: and does something at this moment. */
  z.strictObject({
    verb: z.literal("session"),
    name: z.string().min(1).max(128),
    isUsed: z.boolean(),
  }),
  z.strictObject({ verb: z.literal("certificates") }),
  /** With code and anchor of a package, or null: with the certificate that the device has. */
  z.strictObject({
    verb: z.literal("renew"),
    package: z
      .strictObject({ code: z.string().min(1).max(128), anchor: z.string().max(8_192) })
      .nullable(),
  }),
  z.strictObject({ verb: z.literal("set"), change }),
]);

export type LocalRequest = z.infer<typeof localRequest>;

/** Largest request; a password is its longest part. */
export const requestBytesMax = 16 * 1024;

export const localAnswer = z.discriminatedUnion("ok", [
  z.strictObject({
    ok: z.literal(true),
    device: z.string(),
    data: z.json(),
    /** Sentences for whoever looks; no part of the answer. */
    warnings: z.array(z.string()).readonly(),
  }),
  z.strictObject({
    ok: z.literal(false),
    code: z.string(),
    detail: z.string(),
    /** Number of the security event of a refused sign-in. */
    event: z.int().nullable(),
  }),
]);

export type LocalAnswer = z.infer<typeof localAnswer>;
