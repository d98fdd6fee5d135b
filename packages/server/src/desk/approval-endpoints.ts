import { approvalRoutes, type WaitingView } from "@gridward/core/api/approval-routes";
import { deviceId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { rejectedFor, waitingFor, type WaitingPeer } from "../approvals/approvals.ts";
import { authorityId } from "../ca/authority.ts";
import { certificateRow } from "../ca/certificate-row.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { findAccount } from "./find-row.ts";
import { giveOrder } from "./order.ts";

/** CS14: unknown peers with good certificates; see `approvalRoutes` for what each does. */
export function approvalEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof approvalRoutes, Endpoint>> {
  const { front, approvals } = parts;
  return {
    approvalList: endpoint(approvalRoutes.approvalList, () =>
      ok({
        server: front.status().name,
        turned_away: approvals.turnedAway,
        rows: approvals.peers.map((peer) => showWaiting(parts, peer)),
      }),
    ),
    approvalApprove: endpoint(approvalRoutes.approvalApprove, async ({ query, body }, caller) => {
      const found = approvals.find(body.fingerprint);
      if (!found.ok) return found;
      const approval = approve(parts, found.value, body.account);
      if (!approval.ok) return approval;
      const { command, as } = approval.value;
      const done = await giveOrder(front, { command, caller, dryRun: query.dry_run });
      if (!done.ok) return done;
      if (!done.value.dry_run) approvals.settle(found.value);
      const { fingerprint, kind } = found.value;
      return ok({ ...done.value, fingerprint, kind, as });
    }),
    approvalReject: endpoint(approvalRoutes.approvalReject, ({ query, body }, { actor }) => {
      const found = approvals.find(body.fingerprint);
      if (!found.ok) return found;
      const { fingerprint, kind, isRejected } = found.value;
      if (isRejected) return refuse("approval.rejected-already", fingerprint);
      const isTry = query.dry_run === true;
      if (!isTry) approvals.reject(found.value, actor);
      return ok({ fingerprint, kind, dry_run: isTry });
    }),
  };
}

function approve(
  { front }: DeskParts,
  peer: WaitingPeer,
  account: string | undefined,
): Result<{ readonly command: Command; readonly as: string }, Refusal> {
  const state = front.state();
  if (peer.kind === "client") {
    if (account === undefined) return refuse("approval.needs-account", peer.kind);
    const found = findAccount(state, account);
    if (!found.ok) return found;
    const { id, name } = found.value;
    const key = `sha256:${peer.fingerprint}`;
    return ok({ command: { kind: "map-certificate", key, account: id }, as: name });
  }
  if (account !== undefined) return refuse("approval.needs-account", peer.kind);
  const id = deviceId(peer.id);
  const device = state.tables.devices.get(id);
  const certificate = readCertificate(Buffer.from(peer.certificate ?? "", "base64"));
  if (device === undefined || certificate === undefined) return refuse("device.not-found", peer.id);
  const { name } = device;
  const row = certificateRow({ authority: authorityId, profile: "device", name }, certificate);
  return ok({ command: { kind: "admit-device", id, certificate: row }, as: name });
}

function showWaiting({ front }: DeskParts, peer: WaitingPeer): WaitingView {
  const { fingerprint, kind, id, text, names, door, source, first, last, tries } = peer;
  return {
    fingerprint,
    kind,
    state: peer.isRejected ? "rejected" : "waiting",
    device: front.state().tables.devices.get(deviceId(id))?.name ?? null,
    certificate: text,
    names,
    door,
    source,
    first: rfc3339(first),
    last: rfc3339(last),
    tries,
    until: rfc3339(last + (peer.isRejected ? rejectedFor : waitingFor)),
  };
}
