import { join, resolve } from "node:path";
import { generateIdentity, recipientOf } from "../age/age-keys.ts";
import { generateSigningKey } from "../minisign/signing-key.ts";
import { formatIdentityFile } from "./identity-file.ts";
import { writeNewFiles } from "./write-new-files.ts";

/** What `createKeys` writes, by what each is for. */
export const keyFileNames = {
  /** An age identity: opens backups, day by day. */
  identity: "backup-identity.txt",
  /** Another one, to be kept off-line: opens every backup when the first is lost. */
  recoveryIdentity: "backup-recovery-identity.txt",
  /** A minisign secret key: signs backups. */
  signingKey: "backup-signing.key",
  /** Its public key. */
  publicKey: "backup-signing.pub",
} as const;

export interface CreateKeysOptions {
  /** The folder; made when it is not there. */
  readonly dir: string;
  /** For the comments in the files. Default: the clock. */
  readonly now?: () => Date;
}

/** Keys that were made. The last three are secret: for a program to use, never to print. */
export interface CreatedKeys {
  /** Where they are, as absolute paths. */
  readonly files: Readonly<Record<keyof typeof keyFileNames, string>>;
  /** Public keys to encrypt to: of the identity for daily use, then of the recovery identity. */
  readonly recipients: readonly [string, string];
  /** The minisign public key, base64. */
  readonly publicKey: string;
  readonly identity: string;
  readonly recoveryIdentity: string;
  readonly signingKey: string;
}

/**
 * Makes two identities that open backups and a key that signs them, and writes them as files of age and of minisign. Secret ones are
 * readable by their owner alone. What is there is never written over.
 *
 * @throws {BackupError} CONFLICT when one of the files is there, and nothing is changed then; STORAGE_DENIED, STORAGE_FULL, STORAGE_FAILED
 * when they cannot be written.
 */
export async function createKeys(options: CreateKeysOptions): Promise<CreatedKeys> {
  const { now = (): Date => new Date() } = options;
  const dir = resolve(options.dir);
  const identity = generateIdentity();
  const recoveryIdentity = generateIdentity();
  const { secretKey, publicKey, publicKeyFile } = generateSigningKey();
  const at = now();
  await writeNewFiles(dir, [
    { name: keyFileNames.identity, text: formatIdentityFile(identity, at), mode: 0o600 },
    {
      name: keyFileNames.recoveryIdentity,
      text: formatIdentityFile(recoveryIdentity, at),
      mode: 0o600,
    },
    { name: keyFileNames.signingKey, text: secretKey, mode: 0o600 },
    { name: keyFileNames.publicKey, text: publicKeyFile, mode: 0o644 },
  ]);
  return {
    files: {
      identity: join(dir, keyFileNames.identity),
      recoveryIdentity: join(dir, keyFileNames.recoveryIdentity),
      signingKey: join(dir, keyFileNames.signingKey),
      publicKey: join(dir, keyFileNames.publicKey),
    },
    recipients: [recipientOf(identity), recipientOf(recoveryIdentity)],
    publicKey,
    identity,
    recoveryIdentity,
    signingKey: secretKey,
  };
}
