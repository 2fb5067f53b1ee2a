import { type AgeIdentity, parseIdentity } from "../age/age-keys.ts";
import type { PartSource, PartSourceOptions } from "./part.ts";
import { readPart } from "./read-part.ts";

/**
 * Where the parts of one backup come from. A part that is read holds a few MiB; whoever reads it may stop at any time.
 *
 * @throws {BackupError} INVALID_KEY when something that is no identity was given as one.
 */
export function openPartSource(options: PartSourceOptions): PartSource {
  const { storage, folder } = options;
  const identities: readonly AgeIdentity[] = options.identities.map(parseIdentity);
  return {
    read: (part, { signal } = {}) => {
      const signals = [options.signal, signal].filter((one) => one !== undefined);
      return readPart({ storage, folder, identities, part, signals });
    },
  };
}
