import { ok, type Result } from "@gridward/core/base/result";
import type { ThirdPartyProfile } from "@gridward/core/domain/certificate-profile";
import { isCertificateHolder } from "@gridward/core/domain/decide-certificate";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { DeviceRow } from "@gridward/core/domain/types";
import { isHostOrAddress, isMailAddress } from "@gridward/runtime/trust/x509/names";
import { issue, namesOfDevice, revocationOf, type Issued, type IssueOrder } from "./issue.ts";

/** Who a certificate is for that no row of ours describes: all of it comes from the order. */
export interface ThirdParty {
  readonly profile: ThirdPartyProfile;
  readonly name: string;
  /** Names and addresses under which it is dialled. */
  readonly hosts: readonly string[];
  readonly emails: readonly string[];
  /** The registered device that it is, as whose certificate it names it too. */
  readonly device?: Pick<DeviceRow, "id" | "name" | "accessPoints">;
}

/** PK3: a registered device is dialled under what its own certificate would name, if nothing is said. */
export function withDevice(third: ThirdParty, device: DeviceRow | undefined): ThirdParty {
  if (third.profile !== "vendor-device" || device === undefined) return third;
  const hosts = third.hosts.length > 0 ? third.hosts : namesOfDevice(device);
  return { ...third, hosts, device };
}

/** PK2: who is dialled must say where; who only dials may say whom to write to. */
const names: Readonly<
  Record<ThirdPartyProfile, { readonly isDialled: boolean; readonly hasMail: boolean }>
> = {
  "engineering-tool": { isDialled: false, hasMail: true },
  person: { isDialled: false, hasMail: true },
  "file-transfer": { isDialled: true, hasMail: false },
  "log-collector": { isDialled: true, hasMail: false },
  witness: { isDialled: true, hasMail: false },
  "vendor-device": { isDialled: true, hasMail: false },
};

/** What `issueThirdParty` would refuse, apart from the request. */
export function checkThirdParty(third: ThirdParty): Result<null, Refusal> {
  const { isDialled, hasMail } = names[third.profile];
  const { name, hosts, emails } = third;
  if (!isCertificateHolder(name)) return refuse("certificate.bad-name", name.slice(0, 64));
  const wrong = hosts.find((host) => !isHostOrAddress(host));
  if (wrong !== undefined) return refuse("certificate.bad-host", wrong);
  if (isDialled && hosts.length === 0) return refuse("certificate.bad-host", third.profile);
  const [odd] = hasMail ? emails.filter((email) => !isMailAddress(email)) : emails;
  return odd === undefined ? ok(null) : refuse("certificate.bad-mail", odd);
}

/** For a tool, a person or a server that is no part of the system. */
export function issueThirdParty(order: IssueOrder, third: ThirdParty): Result<Issued, Refusal> {
  const checked = checkThirdParty(third);
  if (!checked.ok) return checked;
  const { name, hosts, emails, device } = third;
  const subject = { commonName: name, ...(device && { serialNumber: device.id }) };
  const identity = device && { name: { kind: "device", device: device.id } as const };
  const says = { subject, ...identity, hosts, emails, ...revocationOf(order) };
  return issue(order, third, says);
}
