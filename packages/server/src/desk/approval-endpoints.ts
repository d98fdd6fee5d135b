import type { X509Certificate } from "node:crypto";
import { approvalRoutes, type WaitingView } from "@gridward/core/api/approval-routes";
import type { ChangeAnswer } from "@gridward/core/api/route";
import { accountId, deviceId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AuthorityRow } from "@gridward/core/domain/types";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { endOf, plainFingerprint, type WaitingPeer } from "../approvals/approvals.ts";
import { certificateRow } from "../ca/certificate-row.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { findAccount } from "./find-row.ts";
import { giveOrder, repeatedAnswer } from "./order.ts";

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
      const repeated = repeatedAnswer(front, caller);
      if (repeated) return ok({ ...repeated, ...approvedBefore(front.state(), repeated, body) });
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
      const { fingerprint, kind, rejected } = found.value;
      if (rejected !== null) return refuse("approval.rejected-already", fingerprint);
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
  const authority = issuerOf(state, certificate);
  if (authority === undefined) return refuse("approval.other-authority", name);
  const row = certificateRow({ authority: authority.id, profile: "device", name }, certificate);
  return ok({ command: { kind: "admit-device", id, certificate: row }, as: name });
}

/** By its signature: while the authority changes both have one name. */
function issuerOf(state: DirectoryState, certificate: X509Certificate): AuthorityRow | undefined {
  return state.tables.authorities.find((row) => {
    const issuer = readCertificate(row.certificate);
    return issuer !== undefined && certificate.verify(issuer.publicKey);
  });
}

/** Who was approved by a request that comes again: it waits no more. */
function approvedBefore(
  { tables }: DirectoryState,
  { id }: ChangeAnswer,
  asked: { readonly fingerprint: string; readonly account?: string | undefined },
): Pick<WaitingPeer, "fingerprint" | "kind"> & { readonly as: string } {
  const prefix = plainFingerprint(asked.fingerprint);
  if (asked.account === undefined) {
    const device = tables.devices.get(deviceId(id ?? ""));
    const row = tables.certificates.find((one) => one.fingerprint.startsWith(prefix));
    return { fingerprint: row?.fingerprint ?? prefix, kind: "device", as: device?.name ?? "" };
  }
  const key = tables.mappings.keySeq().find((one) => one.startsWith(`sha256:${prefix}`));
  const fingerprint = key?.slice("sha256:".length) ?? prefix;
  const { name = asked.account } = tables.accounts.get(accountId(id ?? "")) ?? {};
  return { fingerprint, kind: "client", as: name };
}

function showWaiting({ front }: DeskParts, peer: WaitingPeer): WaitingView {
  const { fingerprint, kind, id, text, names, door, source, first, last, tries } = peer;
  return {
    fingerprint,
    kind,
    state: peer.rejected !== null ? "rejected" : "waiting",
    device: front.state().tables.devices.get(deviceId(id))?.name ?? null,
    certificate: text,
    names,
    door,
    source,
    first: rfc3339(first),
    last: rfc3339(last),
    tries,
    until: rfc3339(endOf(peer)),
  };
}
