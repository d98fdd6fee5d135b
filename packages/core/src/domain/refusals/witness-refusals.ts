import {
  againstRule,
  alreadySo,
  signInRefused,
  toOperator,
  unavailable,
  type RefusalSpec,
} from "./refusal-spec.ts";

const newCode = "Run `gridward witness code DIR` on the witness for a new one.";

/** The witness of a system: adding it, and taking it away. */
export const witnessRefusals = {
  "witness.exists": {
    ...alreadySo,
    ...toOperator,
    says: "The system has another witness already.",
    remedy: "Run `gridward pair mode manual` and `gridward pair witness remove` first.",
  },
  "witness.in-use": {
    ...againstRule,
    ...toOperator,
    says: "The witness decides who is Main, so it is not taken away.",
    remedy: "Run `gridward pair mode manual` or `gridward pair mode pair` first.",
  },
  "witness.malformed-code": {
    ...signInRefused,
    exit: 2,
    ...toOperator,
    says: "This is not the code of a witness.",
    remedy: "Copy the whole code that `gridward witness init` printed.",
  },
  "witness.mistyped-code": {
    ...signInRefused,
    exit: 2,
    ...toOperator,
    says: "The code of the witness has a typing error.",
    remedy: "Copy the whole code that `gridward witness init` printed.",
  },
  "witness.code-rejected": {
    ...signInRefused,
    ...toOperator,
    says: "The witness does not accept the code: it was used, replaced, or is past its 15 minutes.",
    remedy: newCode,
  },
  "witness.unreachable": {
    ...unavailable,
    ...toOperator,
    says: "The witness that the code names does not answer.",
    remedy: "Check that `gridward witness run DIR` runs, and address, port and firewall.",
  },
  "witness.untrusted": {
    ...unavailable,
    ...toOperator,
    says: "What answers is not the witness of the code, so nothing was sent.",
    remedy: newCode,
  },
  "witness.broken-off": {
    ...unavailable,
    exit: 10,
    ...toOperator,
    says: "The connection to the witness broke, so it is unknown whether it was added.",
    remedy: `${newCode} Then add it again.`,
  },
  "witness.same-host": {
    ...againstRule,
    ...toOperator,
    says: "The witness runs on the machine of this server and would be lost together with it.",
    remedy: "Put it on a third machine; `--allow-same-host` is for a demonstration only.",
  },
  "witness.other-system": {
    ...againstRule,
    ...toOperator,
    says: "The witness serves another system.",
    remedy: "Make a new one with `gridward witness init` in an empty directory.",
  },
  "witness.remembers-another": {
    ...againstRule,
    ...toOperator,
    says: "The witness remembers a later term or another Main than this server.",
    remedy: "Run `gridward pair status` on every server and add the witness at the Main.",
  },
} as const satisfies Record<string, RefusalSpec>;
