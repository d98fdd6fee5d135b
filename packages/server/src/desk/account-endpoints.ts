import { accountRoutes } from "@gridward/core/api/account-routes";
import type { ChangeAnswer } from "@gridward/core/api/route";
import { accountId, type AccountId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339, day } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import { firstPolicy } from "@gridward/core/domain/policies";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { AccountRow } from "@gridward/core/domain/types";
import { freshId } from "@gridward/runtime/os/random";
import { codeFor, sealCode } from "../one-time-code.ts";
import type { Caller } from "./caller.ts";
import { chooseAccounts } from "./choose-accounts.ts";
import type { DeskParts } from "./desk-parts.ts";
import { explainEndpoint } from "./explain-endpoint.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { findAccount, findGroup } from "./find-row.ts";
import { makeNewPassword } from "./new-password.ts";
import { checkTakesChanges, followUp, giveOrder, repeatedAnswer, systemKeyOf } from "./order.ts";
import { pageOfRows } from "./page.ts";
import { readRoles } from "./read-roles.ts";
import { showAccount, showAccountRow } from "./show-account.ts";

/** How long a new account's code waits for its first sign-in. */
export const firstCodeValidity = 3 * day;

/** Everything about accounts; see `accountRoutes` for what each does. */
export function accountEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof accountRoutes, Endpoint>> {
  return {
    accountList: listAccounts(parts),
    accountShow: endpoint(accountRoutes.accountShow, ({ params }) => {
      const state = parts.front.state();
      const account = findAccount(state, params.name);
      return account.ok ? ok(showAccount(state, account.value, parts.front.now())) : account;
    }),
    accountCreate: createAccount(parts),
    accountUpdate: updateAccount(parts),
    accountEnable: standing(parts, accountRoutes.accountEnable, "enable-account"),
    accountDisable: standing(parts, accountRoutes.accountDisable, "disable-account"),
    accountExplain: explainEndpoint(parts),
    accountUnlock: standing(parts, accountRoutes.accountUnlock, "unlock-account"),
    accountDelete: standing(parts, accountRoutes.accountDelete, "delete-account"),
    accountSetPassword: setPassword(parts),
  };
}

function listAccounts({ front }: DeskParts): Endpoint {
  return endpoint(accountRoutes.accountList, ({ query }) => {
    const state = front.state();
    const chosen = chooseAccounts(state, query);
    if (!chosen.ok) return chosen;
    const now = front.now();
    const rows = chosen.value.map((account) => showAccountRow(state, account, now));
    return pageOfRows(rows, query, (row) => `${row.name} ${row.display_name}`);
  });
}

function createAccount(parts: DeskParts): Endpoint {
  return endpoint(accountRoutes.accountCreate, async ({ query, body }, caller) => {
    const prepared = await prepareAccount(parts, body);
    if (!prepared.ok) return prepared;
    const command = prepared.value;
    const done = await giveOrder(parts.front, { command, caller, dryRun: query.dry_run });
    if (!done.ok) return done;
    if (body.password !== undefined) return ok({ ...done.value, ...noCode });
    // The id is that of the first outcome where this is a retry.
    const id = accountId(done.value.id ?? command.id);
    return done.value.dry_run ? ok({ ...done.value, ...noCode }) : issueCode(parts, caller, id);
  });
}

const noCode = { code: null, code_expires_at: null } as const;

type CreateBody = (typeof accountRoutes.accountCreate.body)["_output"];

async function prepareAccount(
  parts: DeskParts,
  body: CreateBody,
): Promise<Result<Extract<Command, { readonly kind: "create-account" }>, Refusal>> {
  const takes = checkTakesChanges(parts.front);
  if (!takes.ok) return takes;
  const roles = readRoles(parts.front.state(), body.roles);
  if (!roles.ok) return roles;
  const groups: Result<AccountRow["groups"][number], Refusal>[] = (body.groups ?? []).map(
    (name) => {
      const group = findGroup(parts.front.state(), name);
      return group.ok ? ok(group.value.id) : group;
    },
  );
  const missing = groups.find((group) => !group.ok);
  if (missing !== undefined && !missing.ok) return missing;
  const policy = body.policy ?? firstPolicy;
  const owner = { name: body.name, policy, present: null };
  const password =
    body.password === undefined ? ok(null) : await makeNewPassword(parts, owner, body.password);
  if (!password.ok) return password;
  return ok({
    kind: "create-account",
    id: accountId(freshId()),
    name: body.name,
    displayName: body.display_name ?? "",
    roles: roles.value,
    groups: groups.flatMap((group) => (group.ok ? [group.value] : [])),
    policy,
    password: password.value,
    mustChange: body.must_change ?? true,
  });
}

function updateAccount(parts: DeskParts): Endpoint {
  return endpoint(accountRoutes.accountUpdate, async ({ params, query, body }, caller) => {
    const account = findAccount(parts.front.state(), params.name);
    if (!account.ok) return account;
    const roles =
      body.roles === undefined ? ok(undefined) : readRoles(parts.front.state(), body.roles);
    if (!roles.ok) return roles;
    const command: Command = {
      kind: "update-account",
      id: account.value.id,
      ...(body.display_name === undefined ? {} : { displayName: body.display_name }),
      ...(roles.value === undefined ? {} : { roles: roles.value }),
      ...(body.policy === undefined ? {} : { policy: body.policy }),
    };
    return giveOrder(parts.front, { command, caller, dryRun: query.dry_run });
  });
}

type StandingRoute = (typeof accountRoutes)[
  | "accountEnable"
  | "accountDisable"
  | "accountUnlock"
  | "accountDelete"];

function standing(
  { front }: DeskParts,
  route: StandingRoute,
  kind: "enable-account" | "disable-account" | "unlock-account" | "delete-account",
): Endpoint {
  return endpoint(route, async ({ params, query }, caller) => {
    const repeated = repeatedAnswer(front, caller);
    if (repeated !== undefined) return ok(repeated);
    const account = findAccount(front.state(), params.name);
    if (!account.ok) return account;
    const command: Command = { kind, id: account.value.id };
    return giveOrder(front, { command, caller, dryRun: query.dry_run });
  });
}

function setPassword(parts: DeskParts): Endpoint {
  return endpoint(accountRoutes.accountSetPassword, async ({ params, query, body }, caller) => {
    const takes = checkTakesChanges(parts.front);
    if (!takes.ok) return takes;
    const account = findAccount(parts.front.state(), params.name);
    if (!account.ok) return account;
    const { id, name, policy } = account.value;
    if ("one_time_code" in body) {
      return issueCode(parts, { ...caller, dryRun: query.dry_run }, id);
    }
    const owner = { name, policy, present: account.value };
    const password = await makeNewPassword(parts, owner, body.password);
    const mustChange = body.must_change ?? true;
    const done = password.ok
      ? await giveOrder(parts.front, {
          command: { kind: "set-password", id, password: password.value, mustChange },
          caller,
          dryRun: query.dry_run,
        })
      : password;
    if (done.ok) return ok({ ...done.value, ...noCode });
    parts.refusals.onPasswordRefused({ actor: caller.actor, account: name, refusal: done.error });
    return done;
  });
}

type CodeAnswer = ChangeAnswer & {
  readonly code: string | null;
  readonly code_expires_at: string | null;
};

/** The code goes to whoever asked, once, and hangs on the request: a retry shows it again. */
async function issueCode(
  parts: DeskParts,
  caller: Caller & { readonly dryRun?: boolean | undefined },
  id: AccountId,
): Promise<Result<CodeAnswer, Refusal>> {
  const key = systemKeyOf(parts.systemKey);
  if (!key.ok) return key;
  const requestId = followUp(caller.requestId, "code");
  const code = codeFor(key.value, "first sign-in", requestId);
  const expiresAt = parts.front.now() + firstCodeValidity;
  const verifier = sealCode(key.value, "first sign-in", code);
  const command: Command = { kind: "issue-code", id, verifier, expiresAt };
  const done = await giveOrder(parts.front, {
    command,
    caller: { ...caller, requestId },
    dryRun: caller.dryRun,
  });
  if (!done.ok) return done;
  if (done.value.dry_run) return ok({ ...done.value, ...noCode });
  // A retry shows the end that the first outcome set.
  const issued = parts.front.state().tables.accounts.get(id)?.code?.expiresAt ?? expiresAt;
  return ok({ ...done.value, id, code: code.reveal(), code_expires_at: rfc3339(issued) });
}
