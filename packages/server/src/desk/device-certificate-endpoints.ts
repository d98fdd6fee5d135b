import {
  deviceCertificateRoutes,
  type DeviceCertificateView,
  type HeldCertificateView,
} from "@gridward/core/api/device-certificate-routes";
import { ok } from "@gridward/core/base/result";
import type { CarriedCertificate } from "@gridward/core/codec/replica/message";
import { refuse } from "@gridward/core/domain/refusal";
import { isOfDevice } from "@gridward/core/domain/revocation";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { CertificateRow, DeviceRow } from "@gridward/core/domain/types";
import {
  certificateColumns,
  fingerprintOf,
  readCertificate,
  serialOf,
} from "@gridward/runtime/trust/x509/read";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { findDevice } from "./find-row.ts";
import { checkTakesChanges, giveOrder, repeatedAnswer } from "./order.ts";
import { showCertificate } from "./show-certificate.ts";

/** Certificates of one device (PK6); see `deviceCertificateRoutes` for what each does. */
export function deviceCertificateEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof deviceCertificateRoutes, Endpoint>> {
  const { front, devices } = parts;
  return {
    deviceCertificateList: endpoint(deviceCertificateRoutes.deviceCertificateList, ({ params }) => {
      const device = findDevice(front.state(), params.name);
      return device.ok ? ok({ rows: listOf(front, device.value) }) : device;
    }),
    deviceCertificateRead: endpoint(
      deviceCertificateRoutes.deviceCertificateRead,
      async ({ params }) => {
        const device = findDevice(front.state(), params.name);
        if (!device.ok) return device;
        const held = await devices.readCertificates(device.value.id);
        if (!held.ok) return refuse(held.error, device.value.name);
        return ok({
          rows: held.value.flatMap((one) => showHeld(front.state(), device.value, one)),
        });
      },
    ),
    deviceCertificateReplace: replaceCertificate(parts),
    deviceCertificateDelete: deleteCertificate(parts),
  };
}

/** Newest first: a device has some at most. */
function listOf(
  { state, now }: Pick<DeskParts["front"], "state" | "now">,
  device: DeviceRow,
): readonly DeviceCertificateView[] {
  return state()
    .tables.certificates.valueSeq()
    .filter((row) => isOfDevice(row, device))
    .sortBy(({ notBefore }) => -notBefore)
    .map((row) => ({ ...showCertificate(row, now()), use: useOf(row, device) }))
    .toArray();
}

function useOf(
  { serial }: Pick<CertificateRow, "serial">,
  { certificate, earlier }: DeviceRow,
): DeviceCertificateView["use"] {
  if (certificate?.serial === serial) return "current";
  return earlier?.serial === serial ? "earlier" : "none";
}

/** Nothing where the device sent what is no certificate. */
function showHeld(
  { tables }: DirectoryState,
  device: DeviceRow,
  { use, certificate }: CarriedCertificate,
): readonly HeldCertificateView[] {
  const read = readCertificate(Buffer.from(certificate, "base64url"));
  if (read === undefined) return [];
  const row = tables.certificates.get(serialOf(read));
  const isOurs = row !== undefined && row.fingerprint === fingerprintOf(read);
  const isFit = use === "anchor" ? row?.profile === "authority" : row && isOfDevice(row, device);
  return [{ use, ...certificateColumns(read), known: isOurs && isFit === true }];
}

/** The device makes the key and fetches the certificate itself (PK3); here it is only told to. */
function replaceCertificate({ front, devices }: DeskParts): Endpoint {
  return endpoint(deviceCertificateRoutes.deviceCertificateReplace, async ({ params, query }) => {
    const device = findDevice(front.state(), params.name);
    if (!device.ok) return device;
    const { id, name } = device.value;
    const takes = checkTakesChanges(front);
    if (!takes.ok) return takes;
    if (query.dry_run === true) {
      const isHere = devices.isConnected(id);
      if (!isHere) return refuse("device.not-connected", name);
      return ok({ device: name, serial: null, dry_run: true });
    }
    const renewed = await devices.renewCertificate(id);
    if (!renewed.ok) return refuse(renewed.error, name);
    if (renewed.value !== null) return refuse("device.not-renewed", renewed.value);
    const serial = front.state().tables.devices.get(id)?.certificate?.serial ?? null;
    return ok({ device: name, serial, dry_run: false });
  });
}

function deleteCertificate({ front }: DeskParts): Endpoint {
  return endpoint(
    deviceCertificateRoutes.deviceCertificateDelete,
    async ({ params, query, body }, caller) => {
      const device = findDevice(front.state(), params.name);
      if (!device.ok) return device;
      const serial = body.serial.toLowerCase().replaceAll(":", "");
      const row = front.state().tables.certificates.get(serial);
      if (row === undefined || !isOfDevice(row, device.value)) {
        return refuse("certificate.not-found", body.serial);
      }
      const use = useOf(row, device.value);
      // What a newer one took the place of ends quietly; the current one ends the device with it.
      const reason = use === "current" ? "cessationOfOperation" : "superseded";
      const command = { kind: "revoke-certificate", serial, reason } as const;
      const repeated = repeatedAnswer(front, caller);
      const done =
        repeated === undefined
          ? await giveOrder(front, { command, caller, dryRun: query.dry_run })
          : ok(repeated);
      if (!done.ok) return done;
      const after = front.state().tables.certificates.get(serial) ?? row;
      return ok({ ...showCertificate(after, front.now()), use, ...done.value });
    },
  );
}
