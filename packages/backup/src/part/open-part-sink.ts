import { createAgeEncryptor } from "../age/age-encryptor.ts";
import { type AgeRecipient, parseRecipient } from "../age/age-keys.ts";
import { BackupError } from "../backup-error.ts";
import { PartOutput } from "./part-output.ts";
import { openPartWriter } from "./part-writer.ts";
import type { PartSink, PartSinkOptions } from "./part.ts";

function recipientsOf(options: PartSinkOptions): readonly AgeRecipient[] | undefined {
  if (options.encryption.kind === "none") return undefined;
  if (options.encryption.recipients.length === 0) {
    throw new BackupError("NO_RECIPIENT", "No recipient was given to encrypt the backup to.", {
      hint: "`ctb-data backup keys create` makes keys; `encryption: none` stores it in the clear.",
    });
  }
  return options.encryption.recipients.map(parseRecipient);
}

function levelOf({ level = 1 }: PartSinkOptions): number {
  if (Number.isInteger(level) && level >= -7 && level <= 19) return level;
  throw new BackupError("INVALID_OPTIONS", `${level} is not a level of zstd.`, {
    hint: "Give a whole number from -7 (fastest) to 19 (smallest).",
  });
}

/**
 * Where the parts of one backup go. Each is compressed, encrypted, hashed and stored as it comes; a part being written holds a
 * few MiB. Parts that are written side by side are compressed on several cores.
 *
 * @throws {BackupError} NO_RECIPIENT, INVALID_KEY, INVALID_OPTIONS. Its methods: CANCELLED, and what the storage throws.
 */
export function openPartSink(options: PartSinkOptions): PartSink {
  const { storage, folder, signal } = options;
  const recipients = recipientsOf(options);
  const level = levelOf(options);
  return {
    open: async (name) => {
      const key = `${name}.zst${recipients === undefined ? "" : ".age"}`;
      const encryptor = recipients && createAgeEncryptor(recipients);
      const upload = await storage.openUpload(`${folder}${key}`, { signal });
      const output = new PartOutput(`${folder}${key}`, upload, encryptor);
      return openPartWriter({ key, level, output, upload, signal });
    },
  };
}
