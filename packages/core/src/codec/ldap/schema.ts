import {
  ldapSyntaxes,
  type MatchingRule,
  type MatchingRuleKey,
  matchingRules,
} from "./matching-rule.ts";

/** One attribute of the directory (RFC 4512 §4.1.2). */
export interface AttributeType {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly oid: string;
  readonly rule: MatchingRule;
  readonly isSingleValued: boolean;
  /** Returned only when asked for by name or with `+` (RFC 3673). */
  readonly isOperational: boolean;
}

/** 2.25 is the arc for UUIDs (ITU-T X.667): ours needs no registration. */
const gridwardArc = "2.25.147618867775473179131984992100177668162";

type Usage = "multi" | "single" | "operational" | "operational multi";
type Row = readonly [names: string, oid: string, rule: MatchingRuleKey, usage: Usage];

const rows: readonly Row[] = [
  ["objectClass", "2.5.4.0", "objectIdentifier", "multi"],
  ["cn commonName", "2.5.4.3", "caseIgnore", "multi"],
  ["sn surname", "2.5.4.4", "caseIgnore", "multi"],
  ["o organizationName", "2.5.4.10", "caseIgnore", "multi"],
  ["ou organizationalUnitName", "2.5.4.11", "caseIgnore", "multi"],
  ["description", "2.5.4.13", "caseIgnore", "multi"],
  ["member", "2.5.4.31", "distinguishedName", "multi"],
  ["uid userid", "0.9.2342.19200300.100.1.1", "caseIgnore", "multi"],
  ["dc domainComponent", "0.9.2342.19200300.100.1.25", "caseIgnore", "single"],
  ["displayName", "2.16.840.1.113730.3.1.241", "caseIgnore", "single"],
  ["uidNumber", "1.3.6.1.1.1.1.0", "integer", "single"],
  ["gidNumber", "1.3.6.1.1.1.1.1", "integer", "single"],
  ["gecos", "1.3.6.1.1.1.1.2", "caseIgnore", "single"],
  ["homeDirectory", "1.3.6.1.1.1.1.3", "caseExactIa5", "single"],
  ["loginShell", "1.3.6.1.1.1.1.4", "caseExactIa5", "single"],
  ["ipHostNumber", "1.3.6.1.1.1.1.19", "caseExactIa5", "multi"],
  ["gridwardEnabled", `${gridwardArc}.1.1`, "boolean", "single"],
  ["gridwardAssignment", `${gridwardArc}.1.2`, "caseExact", "multi"],
  ["gridwardRoleId", `${gridwardArc}.1.3`, "integer", "single"],
  ["gridwardManufacturer", `${gridwardArc}.1.4`, "caseIgnore", "single"],
  ["gridwardDeviceType", `${gridwardArc}.1.5`, "caseIgnore", "single"],
  ["gridwardArea", `${gridwardArc}.1.6`, "caseExact", "single"],
  ["gridwardDeviceStatus", `${gridwardArc}.1.7`, "caseIgnore", "single"],
  ["gridwardLockedUntil", `${gridwardArc}.1.8`, "generalizedTime", "operational"],
  ["memberOf", "1.2.840.113556.1.2.102", "distinguishedName", "operational multi"],
  ["entryUUID", "1.3.6.1.1.16.4", "uuid", "operational"],
  ["createTimestamp", "2.5.18.1", "generalizedTime", "operational"],
  ["modifyTimestamp", "2.5.18.2", "generalizedTime", "operational"],
  ["structuralObjectClass", "2.5.21.9", "objectIdentifier", "operational"],
  ["subschemaSubentry", "2.5.18.10", "distinguishedName", "operational"],
  ["pwdChangedTime", "1.3.6.1.4.1.42.2.27.8.1.16", "generalizedTime", "operational"],
  ["pwdGraceUseTime", "1.3.6.1.4.1.42.2.27.8.1.21", "generalizedTime", "operational multi"],
  ["pwdReset", "1.3.6.1.4.1.42.2.27.8.1.22", "boolean", "operational"],
  ["namingContexts", "1.3.6.1.4.1.1466.101.120.5", "distinguishedName", "operational multi"],
  ["supportedExtension", "1.3.6.1.4.1.1466.101.120.7", "objectIdentifier", "operational multi"],
  ["supportedControl", "1.3.6.1.4.1.1466.101.120.13", "objectIdentifier", "operational multi"],
  ["supportedSASLMechanisms", "1.3.6.1.4.1.1466.101.120.14", "caseIgnore", "operational multi"],
  ["supportedLDAPVersion", "1.3.6.1.4.1.1466.101.120.15", "integer", "operational multi"],
  ["supportedFeatures", "1.3.6.1.4.1.4203.1.3.5", "objectIdentifier", "operational multi"],
  ["vendorName", "1.3.6.1.1.4", "caseExact", "operational"],
  ["vendorVersion", "1.3.6.1.1.5", "caseExact", "operational"],
  ["attributeTypes", "2.5.21.5", "caseExact", "operational multi"],
  ["objectClasses", "2.5.21.6", "caseExact", "operational multi"],
  ["matchingRules", "2.5.21.4", "caseExact", "operational multi"],
  ["ldapSyntaxes", "1.3.6.1.4.1.1466.101.120.16", "caseExact", "operational multi"],
];

const attributeTypes: readonly AttributeType[] = rows.map(([names, oid, rule, usage]) => {
  const [name = "", ...aliases] = names.split(" ");
  return {
    name,
    aliases,
    oid,
    rule: matchingRules[rule],
    isSingleValued: usage === "single" || usage === "operational",
    isOperational: usage.startsWith("operational"),
  };
});

const attributesByName: ReadonlyMap<string, AttributeType> = new Map(
  attributeTypes.flatMap((type) =>
    [type.name, type.oid, ...type.aliases].map((name) => [name.toLowerCase(), type] as const),
  ),
);

/** By name, other name or OID, in any case. We keep no options (`;lang-en`): those are unknown. */
export function findAttributeType(description: string): AttributeType | undefined {
  return attributesByName.get(description) ?? attributesByName.get(description.toLowerCase());
}

const rulesByName: ReadonlyMap<string, MatchingRule> = new Map(
  Object.values<MatchingRule>(matchingRules).flatMap((rule) => [
    [rule.name.toLowerCase(), rule] as const,
    [rule.oid, rule] as const,
  ]),
);

export function findMatchingRule(name: string): MatchingRule | undefined {
  return rulesByName.get(name.toLowerCase());
}

interface ObjectClass {
  readonly name: string;
  readonly oid: string;
  readonly kind: "ABSTRACT" | "STRUCTURAL" | "AUXILIARY";
  readonly superior?: string;
  readonly must: readonly string[];
  readonly may: readonly string[];
}

type ClassRow = readonly [
  name: string,
  oid: string,
  kind: ObjectClass["kind"],
  must: string,
  may: string,
];

/** The classes that our entries have, with those of their attributes that we keep. */
const classRows: readonly ClassRow[] = [
  ["top", "2.5.6.0", "ABSTRACT", "objectClass", ""],
  ["domain", "0.9.2342.19200300.100.4.13", "STRUCTURAL", "dc", "description o"],
  ["organization", "2.5.6.4", "STRUCTURAL", "o", "description"],
  ["organizationalUnit", "2.5.6.5", "STRUCTURAL", "ou", "description"],
  ["person", "2.5.6.6", "STRUCTURAL", "sn cn", "description"],
  ["organizationalPerson", "2.5.6.7", "STRUCTURAL", "", "ou"],
  ["inetOrgPerson", "2.16.840.1.113730.3.2.2", "STRUCTURAL", "", "displayName uid"],
  ["groupOfNames", "2.5.6.9", "STRUCTURAL", "cn", "member description"],
  ["device", "2.5.6.14", "STRUCTURAL", "cn", "description"],
  [
    "posixAccount",
    "1.3.6.1.1.1.2.0",
    "AUXILIARY",
    "cn uid uidNumber gidNumber homeDirectory",
    "loginShell gecos description",
  ],
  ["ipHost", "1.3.6.1.1.1.2.6", "AUXILIARY", "cn ipHostNumber", "description"],
  ["gridwardAccount", `${gridwardArc}.2.1`, "AUXILIARY", "gridwardEnabled", "gridwardAssignment"],
  ["gridwardRole", `${gridwardArc}.2.2`, "AUXILIARY", "gridwardRoleId", ""],
  [
    "gridwardDevice",
    `${gridwardArc}.2.3`,
    "AUXILIARY",
    "gridwardDeviceStatus",
    "gridwardManufacturer gridwardDeviceType gridwardArea",
  ],
  [
    "subschema",
    "2.5.20.1",
    "AUXILIARY",
    "",
    "attributeTypes objectClasses matchingRules ldapSyntaxes",
  ],
];

const superiors: Readonly<Record<string, string>> = {
  organizationalPerson: "person",
  inetOrgPerson: "organizationalPerson",
};

const classNames: ReadonlyMap<string, string> = new Map(
  classRows.flatMap(([name, oid]) => [
    [name.toLowerCase(), name.toLowerCase()] as const,
    [oid, name.toLowerCase()] as const,
  ]),
);

/** Lower-case name of a class given by name or OID; undefined: we have no entry of that class. */
export function findObjectClass(nameOrOid: string): string | undefined {
  return classNames.get(nameOrOid.trim().toLowerCase());
}

/** The subschema in the text form of RFC 4512 §4.1, by attribute of its entry. */
export function describeSchema(): ReadonlyMap<string, readonly string[]> {
  return new Map([
    ["attributeTypes", attributeTypes.map(describeAttributeType)],
    ["objectClasses", classRows.map(describeClass)],
    ["matchingRules", Object.values<MatchingRule>(matchingRules).map(describeRule)],
    ["ldapSyntaxes", ldapSyntaxes.map(({ oid, name }) => `( ${oid} DESC '${name}' )`)],
  ]);
}

function describeRule(rule: MatchingRule): string {
  return `( ${rule.oid} NAME '${rule.name}' SYNTAX ${rule.syntax} )`;
}

function describeAttributeType(type: AttributeType): string {
  const names = [type.name, ...type.aliases].map((name) => `'${name}'`).join(" ");
  return [
    `( ${type.oid} NAME`,
    type.aliases.length === 0 ? names : `( ${names} )`,
    `EQUALITY ${type.rule.name} SYNTAX ${type.rule.syntax}`,
    ...(type.isSingleValued ? ["SINGLE-VALUE"] : []),
    ...(type.isOperational ? ["NO-USER-MODIFICATION USAGE directoryOperation"] : []),
    ")",
  ].join(" ");
}

function describeClass([name, oid, kind, must, may]: ClassRow): string {
  const superior = name === "top" ? [] : [`SUP ${superiors[name] ?? "top"}`];
  return [
    `( ${oid} NAME '${name}'`,
    ...superior,
    kind,
    ...listed("MUST", must),
    ...listed("MAY", may),
    ")",
  ].join(" ");
}

function listed(word: string, names: string): readonly string[] {
  return names === "" ? [] : [`${word} ( ${names.split(" ").join(" $ ")} )`];
}
