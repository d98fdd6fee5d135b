import {
  againstRule,
  notAllowed,
  alreadySo,
  faulty,
  notFound,
  signInRefused,
  toAnyone,
  toOperator,
  unavailable,
  wrongUse,
  type RefusalSpec,
} from "./refusal-spec.ts";

/** Devices, their enrolment and their replica; substation files. */
export const deviceRefusals = {
  "device.not-found": {
    ...notFound,
    ...toOperator,
    says: "There is no such device.",
    remedy: "Run `gridward device list` to see all devices.",
  },
  "device.exists": {
    ...alreadySo,
    ...toOperator,
    says: "A device with this name exists.",
    remedy: "Run `gridward device show NAME`.",
  },
  "device.no-such-server": {
    ...notFound,
    ...toOperator,
    says: "The device knows no server of this name.",
    remedy: "Run `gridward ied status DIR` to see its servers.",
  },
  "device.bad-rows": {
    ...againstRule,
    ...toOperator,
    says: "Some devices cannot be registered, so none was.",
    remedy: "Correct the rows that are named and send all of them again.",
  },
  "device.none": {
    ...wrongUse,
    ...toOperator,
    says: "No device is named.",
    remedy: "Name at least one device.",
  },
  "device.too-many": {
    ...againstRule,
    ...toOperator,
    says: "At most 5,000 devices can be registered at once.",
    remedy: "Send them in several parts.",
  },
  "device.lost": {
    ...againstRule,
    ...toOperator,
    says: "The device is marked as lost.",
    remedy: "Register a new device for the replacement.",
  },
  "device.replication-unchanged": {
    ...alreadySo,
    ...toOperator,
    says: "Replication to this device is already as ordered.",
    remedy: "Nothing needs to be done.",
  },
  "device.replication-off": {
    ...unavailable,
    exit: 3,
    ...toAnyone,
    says: "No account server answers and this device may keep no replica.",
    remedy: "Wait until a server answers or ask a SECADM to switch replication on.",
  },
  "device.no-replica": {
    ...unavailable,
    exit: 3,
    ...toAnyone,
    says: "No account server answers and this device has no replica yet.",
    remedy: "Run `gridward ied status DIR` to see why the servers do not answer.",
  },
  "device.replica-too-old": {
    ...unavailable,
    exit: 3,
    ...toAnyone,
    says: "No account server answers and the replica is older than its hard age.",
    remedy: "Bring a server back and the replica renews itself.",
  },
  "device.replica-refused": {
    ...againstRule,
    exit: 1,
    ...toOperator,
    says: "The replica that was offered is older, foreign or not signed as it must be.",
    remedy: "Run `gridward pair status` to see which server is Main.",
  },
  "device.not-connected": {
    ...unavailable,
    ...toOperator,
    says: "The device is not connected to this server.",
    remedy:
      "Ask another server with `--server URL`; or at the device run `gridward ied certificates DIR`, " +
      "and `gridward ied renew DIR`.",
  },
  "device.no-answer": {
    ...unavailable,
    exit: 10,
    ...toAnyone,
    says: "The device is connected and did not answer in time.",
    remedy: "Look at `gridward device certificates list NAME`: a renewal may have been done.",
  },
  "device.not-renewed": {
    ...againstRule,
    ...toOperator,
    says: "The device could not renew its certificate.",
    remedy:
      "Make a package with `gridward device package NAME --out FILE`, and at the device run " +
      "`gridward ied renew DIR --package FILE`.",
  },
  "device.nothing-to-confirm": {
    ...alreadySo,
    ...toOperator,
    says: "The device has another certificate since, or none counts beside its newest any more.",
    remedy: "Nothing needs to be done.",
  },
  "device.no-list": {
    ...againstRule,
    exit: 1,
    ...toAnyone,
    says: "The device holds no current revocation list, so it would believe no server.",
    remedy: "Wait until `gridward ied status DIR` shows a current list: a server brings it.",
  },
  "device.package-damaged": {
    ...wrongUse,
    ...toAnyone,
    says: "The device package is damaged or was changed.",
    remedy: "Make a new one with `gridward device package NAME --out FILE`.",
  },

  "enrolment.rejected": {
    ...signInRefused,
    ...toAnyone,
    says: "The enrolment code is not accepted.",
    remedy: "Make a new package with `gridward device package NAME --out FILE`.",
  },
  "enrolment.expired": {
    ...signInRefused,
    ...toOperator,
    says: "The enrolment code is past its time.",
    remedy: "Make a new package with `gridward device package NAME --out FILE`.",
  },
  "enrolment.used": {
    ...signInRefused,
    ...toOperator,
    says: "The enrolment code was used or none was issued.",
    remedy: "Make a new package with `gridward device package NAME --out FILE`.",
  },
  "enrolment.not-renewed": {
    ...notAllowed,
    ...toAnyone,
    says: "A device renews with its own certificate, which counts still and has not expired.",
    remedy:
      "Make a package with `gridward device package NAME --out FILE`, and at the device run " +
      "`gridward ied renew DIR --package FILE`.",
  },
  "enrolment.too-often": {
    ...notAllowed,
    ...toAnyone,
    says: "A device gets at most 24 certificates in a day by renewal.",
    remedy: "See why it asks for another so soon; it may again after a day, or with a new package.",
  },
  "enrolment.other-names": {
    ...wrongUse,
    ...toAnyone,
    says: "A request for renewal has the subject and the alternative names of the certificate that it renews.",
    remedy:
      "Make it with `openssl x509 -x509toreq -copy_extensions copyall`, or `gridward ied renew`.",
  },
  "enrolment.bad-code": {
    ...againstRule,
    ...toOperator,
    says: "An enrolment code ends in the future and lasts at most 30 days.",
    remedy: "Choose an earlier end.",
  },
  "enrolment.bad-request": {
    ...wrongUse,
    ...toAnyone,
    says: "The certificate request cannot be accepted.",
    remedy: "Make it with `gridward ied init DIR --package FILE`.",
  },
  "enrolment.failed": {
    ...unavailable,
    ...toAnyone,
    says: "No account server issued a certificate to this device.",
    remedy: "Correct what is named for each server and run it again with the same package.",
  },
  "scl.not-scl": {
    ...wrongUse,
    ...toAnyone,
    says: "The file is not a substation file (SCL).",
    remedy: "Name an SCD, CID, ICD or IID file.",
  },
  "scl.malformed": {
    ...wrongUse,
    ...toAnyone,
    says: "The substation file is not well formed.",
    remedy: "Export it again from the engineering tool.",
  },
  "scl.too-large": {
    ...wrongUse,
    ...toAnyone,
    says: "The substation file is larger than the limit that is named.",
    remedy: "Export the IED section alone.",
  },
  "scl.forbidden": {
    ...wrongUse,
    ...toAnyone,
    says: "The substation file defines entities, which are not allowed.",
    remedy: "Remove its DOCTYPE.",
  },
  "scl.no-devices": {
    ...wrongUse,
    ...toAnyone,
    says: "The substation file names no IED.",
    remedy: "Name a file with an IED section.",
  },
  "device.store-damaged": {
    ...faulty,
    ...toOperator,
    says: "The replica on disk is damaged.",
    remedy: "It was set aside and is fetched again from the next server that answers.",
  },
} as const satisfies Record<string, RefusalSpec>;
