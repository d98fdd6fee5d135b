import { z } from "zod";
import { err, ok, type Result } from "../base/result.ts";
import type { ChangeOrder, Command } from "./command.ts";
import { commandShapes, type PassedCommand, type PassedKind } from "./command-shapes.ts";
import { actorShape } from "./row-shapes.ts";

/** An order that a Standby may pass on to its Main. */
export interface PassedOrder extends ChangeOrder {
  readonly command: PassedCommand;
}

const orderShape = z.strictObject({
  command: z.unknown(),
  actor: actorShape,
  requestId: z.string().min(1).max(64),
});

/** Is this a change that a Standby passes on? What the pair orders of itself is not. */
export function isPassed(command: Command): command is PassedCommand {
  return isPassedKind(command.kind);
}

/**
 * A passed-on order from JSON: every member has its shape and its bounds, and there is no other.
 * Whether it may be carried out is for `decide`. Never throws.
 */
export function parseOrder(json: unknown): Result<PassedOrder, string> {
  const order = orderShape.safeParse(json);
  if (!order.success) return err(reasonOf(order.error));
  const { command } = order.data;
  if (typeof command !== "object" || command === null || !("kind" in command)) {
    return err("no command");
  }
  const { kind } = command;
  if (!isPassedKind(kind)) return err("a command that is not passed on");
  const found = commandShapes[kind].safeParse(command);
  if (!found.success) return err(`${kind}: ${reasonOf(found.error)}`);
  return isOrder(json) ? ok(json) : err("not an order");
}

function isPassedKind(kind: unknown): kind is PassedKind {
  return typeof kind === "string" && Object.hasOwn(commandShapes, kind);
}

/** Brands what the shapes above have judged. */
function isOrder(json: unknown): json is PassedOrder {
  return typeof json === "object";
}

function reasonOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? "malformed" : `${issue.path.join(".")}: ${issue.message}`;
}
