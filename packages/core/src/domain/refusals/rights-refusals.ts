import {
  againstRule,
  alreadySo,
  notFound,
  toOperator,
  wrongUse,
  type RefusalSpec,
} from "./refusal-spec.ts";

/** Role-to-right maps, and private roles with a name. */
export const rightsRefusals = {
  "rights.no-map": {
    ...notFound,
    ...toOperator,
    says: "There is no role-to-right map of that name.",
    remedy: "Run `gridward role rights list` to see all maps.",
  },
  "rights.no-type": {
    ...notFound,
    ...toOperator,
    says: 'A map is of a type that a registered device has, or "default".',
    remedy: "Register a device of the type first, or correct the name: upper and lower case count.",
  },
  "rights.no-right": {
    ...notFound,
    ...toOperator,
    says: "There is no such right.",
    remedy: "Run `gridward role rights show` to see the rights of a map.",
  },
  "rights.no-template": {
    ...notFound,
    ...toOperator,
    says: "There is no such template.",
    remedy: "Use relion-670, relion-670-as-printed or iec-62351-8.",
  },
  "rights.repeated": {
    ...againstRule,
    ldap: 19,
    ...toOperator,
    says: "The map names a right twice, or a role twice for one right.",
    remedy: "Name each right once, and in it each role once, under full or under read.",
  },
  "rights.unchanged": {
    ...alreadySo,
    ...toOperator,
    says: "The map is already as ordered.",
    remedy: "Nothing needs to be done.",
  },
  "rights.changed-since": {
    ...alreadySo,
    ...toOperator,
    says: "The map was changed after it was exported.",
    remedy: "Export it again and make your change in the new file, so that the other is not lost.",
  },
  "rights.too-many": {
    ...againstRule,
    ...toOperator,
    says: "There may be at most 64 maps, and at most 128 roles to a right.",
    remedy: "Let types of devices that may do the same follow the map `default`.",
  },
  "role.bad-name": {
    ...wrongUse,
    ...toOperator,
    says: "A private role has a name of 2 to 32 of A-Z, 0-9 and _, with a letter first.",
    remedy: "Choose another name, such as DSO_OPERATOR.",
  },
  "role.bad-text": {
    ...wrongUse,
    ...toOperator,
    says: "The description of a role is one line of at most 256 characters.",
    remedy: "Shorten it, and leave control characters out.",
  },
  "role.not-private": {
    ...againstRule,
    ...toOperator,
    says: "A name is given to private roles alone, from -32767 to -1 without that of ADMINISTRATOR.",
    remedy: "Choose a private number, such as --id -1.",
  },
  "role.exists": {
    ...alreadySo,
    ...toOperator,
    says: "A role of that name or number has a name already.",
    remedy: "Run `gridward role list` to see all roles.",
  },
  "role.in-use": {
    ...againstRule,
    ...toOperator,
    says: "The role is held by an account, or has rights in a map.",
    remedy: "Take it from those that are named first.",
  },
  "role.too-many-private": {
    ...againstRule,
    ...toOperator,
    says: "There may be at most 64 private roles with a name.",
    remedy: "Delete those that nobody has any more.",
  },
} as const satisfies Record<string, RefusalSpec>;
