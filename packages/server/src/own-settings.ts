import { ok, type Result } from "@gridward/core/base/result";
import {
  isCopied,
  type Setting,
  settingsOf,
  withSetting,
} from "@gridward/core/codec/server-settings";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import { errorCode } from "@gridward/runtime/os/files";
import { changeServerConfig, readServerConfig } from "@gridward/runtime/trust/server-directory";

/** The settings of this server as `server.toml` says them now: in force from the next start on. */
export function readSettings(directory: string): Result<readonly Setting[], Refusal> {
  const config = readServerConfig(directory);
  return config.ok ? ok(settingsOf(config.value)) : config;
}

/** Sets what may be copied from another server; answers with all settings. */
export function writeSetting(
  directory: string,
  setting: Setting,
): Result<readonly Setting[], Refusal> {
  const { key, value } = setting;
  if (!isCopied(key)) return refuse("pair.own-setting", key);
  try {
    const config = changeServerConfig(
      directory,
      (text) => withSetting(text, setting),
      (changed) => settingsOf(changed).some((each) => each.key === key && each.value === value),
    );
    return config.ok ? ok(settingsOf(config.value)) : config;
  } catch (error) {
    const code = errorCode(error);
    if (code === "") throw error;
    return refuse(code === "ENOSPC" ? "disk.full" : "config.unreadable", `server.toml: ${code}`);
  }
}
