import {
  alreadySo,
  notAllowed,
  notFound,
  signInRefused,
  toAnyone,
  toOperator,
  unavailable,
  wrongUse,
  type RefusalSpec,
} from "./refusal-spec.ts";

/**
 * Requests, sign-in and access. Whatever would tell a stranger that an account exists is told to
 * operators only; the stranger hears `credential.rejected` (AM10).
 */
export const signInRefusals = {
  "request.malformed": {
    ...wrongUse,
    ...toAnyone,
    says: "The request is not well formed.",
    remedy: "Correct the field that is named and send it again.",
  },
  "request.too-large": {
    ...wrongUse,
    http: 413,
    ldap: 11,
    ...toAnyone,
    says: "The request is larger than the limit that is named.",
    remedy: "Send it in smaller parts.",
  },
  "request.wrong-type": {
    ...wrongUse,
    http: 415,
    ...toAnyone,
    says: "The body is not of the type that is read here.",
    remedy: "Send it as the Content-Type that is named.",
  },
  "request.too-often": {
    ...unavailable,
    http: 429,
    ldap: 51,
    exit: 7,
    ...toAnyone,
    says: "Too many sign-ins or enrolments were tried from this address.",
    remedy: "Wait some seconds and try again.",
  },
  "request.not-found": {
    ...notFound,
    ...toAnyone,
    says: "There is nothing at this address.",
    remedy: "Run `gridward --help` for what exists.",
  },
  "request.id-taken": {
    ...alreadySo,
    ldap: 53,
    ...toAnyone,
    says: "Somebody else has sent a request under this request id.",
    remedy: "Send it again under a fresh request id.",
  },
  "request.timed-out": {
    http: 504,
    ldap: 3,
    exit: 10,
    ...toAnyone,
    says: "The answer did not come in time, so it is unknown whether the change was made.",
    remedy: "Send the same request again with the same request id and the first outcome is given.",
  },
  "request.outcome-unknown": {
    http: 504,
    ldap: 52,
    exit: 10,
    ...toAnyone,
    says: "The server lost its duty before the change was confirmed, so its outcome is unknown.",
    remedy: "Send the same request again with the same request id and the first outcome is given.",
  },

  "credential.rejected": {
    ...signInRefused,
    ...toAnyone,
    says: "Access denied.",
    remedy: "Check name and password and sign in again.",
  },
  "credential.unknown-account": {
    ...signInRefused,
    ...toOperator,
    says: "There is no account with this login name.",
    remedy: "Run `gridward account list` to see the login names.",
  },
  "credential.missing": {
    ...signInRefused,
    ...toAnyone,
    says: "This needs a sign-in.",
    remedy: "Run `gridward login USER --server URL`.",
  },
  "credential.session-ended": {
    ...signInRefused,
    ...toAnyone,
    says: "The session has ended.",
    remedy: "Run `gridward login USER --server URL`.",
  },
  "credential.code-expired": {
    ...signInRefused,
    ...toOperator,
    says: "The one-time code is past its time.",
    remedy: "Run `gridward account set-password NAME` or have a new code issued.",
  },

  "account.locked": {
    ...signInRefused,
    ...toOperator,
    says: "The account is locked after too many failed sign-ins.",
    remedy: "Wait until the lock ends or run `gridward account unlock NAME`.",
  },
  "account.disabled": {
    ...signInRefused,
    ...toOperator,
    says: "The account is disabled.",
    remedy: "Run `gridward account enable NAME`.",
  },
  "account.source-blocked": {
    ...signInRefused,
    ...toOperator,
    says: "Too many sign-ins from this address failed, for accounts of this policy.",
    remedy: "Wait until the block ends, or sign in from another address.",
  },
  "account.panel-only": {
    ...signInRefused,
    ...toOperator,
    says: "The account has a PIN, which is good at the panel of a device and nowhere else.",
    remedy: "Sign in at the panel, or give the account another policy and a password.",
  },
  "account.expired": {
    ...signInRefused,
    ...toOperator,
    says: "None of the account's roles is within its dates.",
    remedy: "Run `gridward account update NAME --role R` with new dates.",
  },

  "account.never-legacy": {
    ...signInRefused,
    ...toOperator,
    says: "An account with an administrative role never signs in over a connection without TLS.",
    remedy: "Sign in over LDAPS or StartTLS, or take the role from the account.",
  },

  // Said only after the right password was given, so nothing is revealed that was not proved.
  "password.expired": {
    ...signInRefused,
    ...toAnyone,
    says: "The password has expired.",
    remedy: "Ask an administrator to run `gridward account set-password NAME`.",
  },
  "password.must-change": {
    ...signInRefused,
    ...toAnyone,
    says: "The password must be changed before anything else.",
    remedy: "Run `gridward login USER --server URL` and then `gridward password change`.",
  },

  "access.denied": {
    ...notAllowed,
    ...toAnyone,
    says: "Your roles do not allow this.",
    remedy: "Run `gridward whoami` to see your roles and ask a SECADM for the one that is named.",
  },
  "access.no-session": {
    ...notAllowed,
    exit: 3,
    http: 401,
    ...toAnyone,
    says: "Nobody is signed in at this device.",
    remedy: "Run `gridward ied login DIR USER`.",
  },
  "access.no-right": {
    ...notAllowed,
    exit: 7,
    ...toAnyone,
    says: "None of the roles in force has the right that is named.",
    remedy: "Run `gridward role list` to see which role has it.",
  },
  "access.outside-area": {
    ...notAllowed,
    exit: 7,
    ...toAnyone,
    says: "The role holds the right, but in another area of responsibility.",
    remedy: "Run `gridward account show NAME` to see the areas of each role.",
  },
  "access.unknown-operation": {
    ...wrongUse,
    ...toAnyone,
    says: "There is no right of this name.",
    remedy: "Run `gridward role rights show` to see the names of all rights.",
  },

  "server.unavailable": {
    ...unavailable,
    ...toAnyone,
    says: "This server cannot answer now because it holds no complete database.",
    remedy: "Use the other server or run `gridward server status DIR` to see what is missing.",
  },
  "server.not-fresh": {
    ...unavailable,
    ...toAnyone,
    says: "This server has lost its Main and cannot be sure of a refusal.",
    remedy: "Use the other server or run `gridward pair status`.",
  },
  "server.overloaded": {
    ...unavailable,
    ldap: 51,
    ...toAnyone,
    says: "The server has more to do than it can take on.",
    remedy: "Wait some seconds and try again.",
  },
  "server.stopping": {
    ...unavailable,
    ...toAnyone,
    says: "The server is stopping.",
    remedy: "Use the other server or try again when it has started.",
  },
} as const satisfies Record<string, RefusalSpec>;
