import { ok, type Result } from "../base/result.ts";
import type { Command, CommandKind } from "./command.ts";
import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import type { Refusal } from "./refusal.ts";
import type { CommandAnswer } from "./types.ts";

/** What a command leads to: facts to be journalled and an answer, or a refusal. */
export type Decision = Result<
  { readonly facts: readonly Fact[]; readonly answer: CommandAnswer },
  Refusal
>;

export type CommandOf<Kind extends CommandKind> = MemberOf<Command, Kind>;

export function decided(facts: readonly Fact[], answer: CommandAnswer = {}): Decision {
  return ok({ facts, answer });
}
