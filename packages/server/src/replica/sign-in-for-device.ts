import { Secret } from "@gridward/core/base/secret";
import type { DeviceMessage, DeviceSignInAnswer } from "@gridward/core/codec/replica/message";
import type { SignInAnswer } from "@gridward/core/domain/sign-in-answer";
import type { ReplicaParts } from "./replica-parts.ts";

type SignInMessage = Extract<DeviceMessage, { readonly kind: "sign-in" }>;

/** One sign-in through the one pipeline, door "device", in the words of the replica protocol. */
export async function signInForDevice(
  parts: Pick<ReplicaParts, "signIn" | "condition">,
  peer: { readonly device: string; readonly address: string },
  message: SignInMessage,
): Promise<DeviceSignInAnswer> {
  const answer = await parts.signIn({
    door: "device",
    name: message.name,
    password: new Secret(message.password),
    source: peer.address,
    device: peer.device,
    accessPoint: message.accessPoint,
  });
  const { duty, fresh } = parts.condition();
  const to = {
    kind: "sign-in-answer",
    call: message.call,
    duty: duty === "standby" ? "standby" : "main",
  } as const;
  switch (answer.outcome) {
    case "accepted":
      return { ...to, ...accepted(answer) };
    case "refused":
      // The reason stays here: the device learns no more than a stranger at its panel may (AM10).
      return { ...to, outcome: "refused", fresh, event: answer.event };
    case "unavailable":
      return { ...to, outcome: "unavailable", reason: answer.refusal.code };
  }
}

function accepted(answer: Extract<SignInAnswer, { readonly outcome: "accepted" }>) {
  const { id, name, displayName } = answer.account;
  const { roles, fresh, mustChange, expiresAt, event } = answer;
  return {
    outcome: "accepted" as const,
    account: { id, name, displayName },
    roles,
    fresh,
    mustChange,
    expiresAt,
    event,
  };
}
