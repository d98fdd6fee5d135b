import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { X509Certificate } from "node:crypto";
import { accountId, deviceId, groupId, nodeId, sealed } from "@gridward/core/base/identity";
import type { AccountId, DeviceId, NodeId } from "@gridward/core/base/identity";
import { assert, err, ok } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { Bytes } from "@gridward/core/base/bytes";
import { hour, type Millis } from "@gridward/core/base/time";
import {
  aCertificate,
  administrator,
  aNewPassword,
  aServer,
  createAccount,
  createSystem,
  noon,
  owner,
  World,
} from "@gridward/core/domain/fixtures";
import { origin } from "@gridward/core/domain/entry";
import type { FailureCounter } from "@gridward/core/domain/lock-out";
import type { ServerCondition } from "@gridward/core/domain/server-status";
import type { Device } from "@gridward/ied/device";
