import { type Keyring, parseKeyring } from "@ctb-data/models";
import type { Settings } from "../config/settings.ts";

/** The option `keyring` of what opens a store; none without `DATA_ENCRYPTION_KEY`. @throws {ModelError} INVALID_KEYRING */
export function keyringOption({ DATA_ENCRYPTION_KEY: keys }: Settings): {
  readonly keyring?: Keyring;
} {
  return keys === undefined ? {} : { keyring: parseKeyring(keys) };
}
