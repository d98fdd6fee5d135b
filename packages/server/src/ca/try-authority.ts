import { ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AuthorityRow } from "@gridward/core/domain/types";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { sentWithLeaf } from "@gridward/runtime/trust/authority-chain";
import { tryChain } from "@gridward/runtime/trust/try-chain";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { chainOfAuthority } from "./authority.ts";
import { issueDevice, issueServer } from "./issue.ts";

/**
 * Whether OpenSSL takes what an authority will issue for each server and for a device of the
 * system: before it is trusted, while nothing hangs on it. What is issued here is thrown away.
 */
export async function tryAuthority(
  { tables }: DirectoryState,
  order: { readonly authority: AuthorityRow; readonly systemKey: SystemKey; readonly now: Instant },
): Promise<Result<null, Refusal>> {
  const chain = chainOfAuthority(order.authority);
  if (!chain.ok) return chain;
  const root = chain.value.at(-1) ?? chain.value[0];
  const key = createTlsKey();
  const request = createRequest(key, "trial");
  const device = tables.devices.first();
  const issued = [
    ...tables.servers.valueSeq().map((row) => issueServer({ ...order, request }, row)),
    ...(device === undefined ? [] : [issueDevice({ ...order, request }, device)]),
  ];
  for (const leaf of issued) {
    if (!leaf.ok) return leaf;
    const { certificate, row } = leaf.value;
    const refused = await tryChain({
      key,
      sent: [certificate, ...sentWithLeaf(chain.value)],
      root,
    });
    if (refused !== null) return refuse("authority.unusable", `${row.name}: ${refused}`);
  }
  return ok(null);
}
