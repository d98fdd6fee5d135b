/** Branded text: a value of one kind cannot stand where another is meant. */
export type AccountId = string & { readonly brand: "AccountId" };
export type GroupId = string & { readonly brand: "GroupId" };
export type DeviceId = string & { readonly brand: "DeviceId" };
export type NodeId = string & { readonly brand: "NodeId" };
export type SystemId = string & { readonly brand: "SystemId" };
export type RequestId = string & { readonly brand: "RequestId" };
/** An address, or the network of one machine, against the accounts of one policy. */
export type SourceKey = string & { readonly brand: "SourceKey" };
/** A secret sealed with the system key: opaque to the domain, opened only where it is used. */
export type Sealed = string & { readonly brand: "Sealed" };

/** The constructors that brand a text; callers have checked its shape or made it themselves. */
export function accountId(text: string): AccountId {
  return text as AccountId; // Branding is what this constructor is for; so with all below.
}
export function groupId(text: string): GroupId {
  return text as GroupId;
}
export function deviceId(text: string): DeviceId {
  return text as DeviceId;
}
export function nodeId(text: string): NodeId {
  return text as NodeId;
}
export function systemId(text: string): SystemId {
  return text as SystemId;
}
export function requestId(text: string): RequestId {
  return text as RequestId;
}
export function sealed(text: string): Sealed {
  return text as Sealed;
}
/** The name of a policy has no space in it. */
export function sourceKey(policy: string, source: string): SourceKey {
  return `${policy} ${source}` as SourceKey;
}
