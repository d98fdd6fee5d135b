import { ok, type Result } from "@gridward/core/base/result";
import {
  type SecurityChange,
  securityEntries,
  type SecuritySettings,
} from "@gridward/core/base/security-settings";
import {
  isCopied,
  type Setting,
  settingKey,
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
  if (!isCopied(setting.key)) return refuse("pair.own-setting", setting.key);
  return writeAll(directory, [setting]);
}

/** Connection Security as `server.toml` says it. */
export function readSecurity(directory: string): Result<SecuritySettings, Refusal> {
  const config = readServerConfig(directory);
  return config.ok ? ok(config.value.security) : config;
}

/** The security settings as the file shall say them; all of them are written, or none. */
export function writeSecurity(
  directory: string,
  change: SecurityChange,
): Result<readonly Setting[], Refusal> {
  const settings = securityEntries(change).map(([name, value]) => ({
    key: settingKey(name),
    value,
  }));
  return writeAll(directory, settings);
}

function writeAll(
  directory: string,
  settings: readonly Setting[],
): Result<readonly Setting[], Refusal> {
  try {
    const config = changeServerConfig(
      directory,
      (text) => settings.reduce(withSetting, text),
      (changed) => {
        const now = settingsOf(changed);
        return settings.every(({ key, value }) =>
          now.some((each) => each.key === key && each.value === value),
        );
      },
    );
    return config.ok ? ok(settingsOf(config.value)) : config;
  } catch (error) {
    const code = errorCode(error);
    if (code === "") throw error;
    return refuse(code === "ENOSPC" ? "disk.full" : "config.unreadable", `server.toml: ${code}`);
  }
}
