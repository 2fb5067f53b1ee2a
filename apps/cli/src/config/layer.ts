import type { SettingName } from "./settings.ts";

/** A value as a layer has it, and where it came from. */
export interface Given {
  readonly value: string;
  /** "the flag --out", "the environment", ".env:3", "global-config.yaml:7:13". */
  readonly origin: string;
}

/** What one source of configuration says. A later layer is asked only for what the earlier ones do not have. */
export type Layer = ReadonlyMap<SettingName, Given>;
