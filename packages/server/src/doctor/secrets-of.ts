import type { Sealed } from "@gridward/core/base/identity";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { SealedSecret } from "@gridward/runtime/journal/doctor";
import { authorityKeyPurpose } from "../ca/authority.ts";
import { replicaKeyPurpose } from "../found-system.ts";
import { codeSealPurpose } from "../one-time-code.ts";
import { invitePurpose } from "../pair/invite.ts";
import { passwordPurpose } from "../sealed-password.ts";

/** Every secret of a state with the purpose for which it was sealed. */
export function* secretsOf(state: DirectoryState): Generator<SealedSecret> {
  const { system, authorities, accounts, devices, invites } = state.tables;
  for (const { replicaKey } of system.values()) {
    yield { what: "The root of the device keys", purpose: replicaKeyPurpose, text: replicaKey };
  }
  for (const { id, key } of authorities.values()) {
    yield { what: `The key of the authority ${id}`, purpose: authorityKeyPurpose, text: key };
  }
  for (const { name, password, code } of accounts.values()) {
    const verifiers: readonly Sealed[] =
      password === null ? [] : [password.verifier, ...password.history];
    for (const text of verifiers) {
      yield { what: `A password of ${name}`, purpose: passwordPurpose, text };
    }
    if (code === null) continue;
    const purpose = codeSealPurpose("first sign-in");
    yield { what: `The code of ${name}`, purpose, text: code.verifier };
  }
  for (const { name, enrolment } of devices.values()) {
    if (enrolment === null) continue;
    const purpose = codeSealPurpose("device enrolment");
    yield { what: `The code of the device ${name}`, purpose, text: enrolment.verifier };
  }
  for (const { name, secret } of invites.values()) {
    yield { what: `The invitation of ${name}`, purpose: invitePurpose, text: secret };
  }
}
