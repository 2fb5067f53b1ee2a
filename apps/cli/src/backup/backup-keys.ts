import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { readSecretFile } from "./read-secret-file.ts";

/** The flags that name files of keys. */
export interface KeyFlags {
  readonly identity?: readonly string[] | undefined;
  readonly signingKey?: string | undefined;
}

/** The keys of one run, read from their files. */
export interface BackupKeys {
  /** Secret keys that open backups, `AGE-SECRET-KEY-1…`. */
  readonly identities: readonly string[];
  /** The text of the minisign secret key. */
  readonly signingKey: string | undefined;
  /** The minisign public keys whose backups are trusted: those of the settings, else that of the signing key. */
  readonly trustedKeys: readonly string[];
}

/** Which keys a command needs: a file that is not needed is not opened. */
export interface NeededKeys extends KeyFlags {
  readonly withIdentities?: boolean;
}

/**
 * Reads the keys that the flags name, or else the settings.
 *
 * @throws {CliError} NOT_FOUND or INVALID_KEY, which name the file.
 * @throws {BackupError} INVALID_KEY
 */
export async function loadBackupKeys(
  context: CommandContext,
  settings: Settings,
  { identity, signingKey, withIdentities = false }: NeededKeys = {},
): Promise<BackupKeys> {
  const read = async (path: string, what: string): Promise<string> =>
    await readSecretFile(settingPath(context.dir, path), what);
  const identityPaths = withIdentities ? identityPathsOf(settings, identity) : [];
  const identityTexts = await Promise.all(
    identityPaths.map(async (path) => await read(path, "The identity file")),
  );
  const signingPath = signingKey ?? settings.BACKUP_SIGNING_KEY_PATH;
  const signing =
    signingPath === undefined
      ? settings.BACKUP_SIGNING_KEY
      : await read(signingPath, "The signing key");
  return {
    identities: identityTexts.flatMap(linesOf),
    signingKey: signing,
    trustedKeys:
      settings.BACKUP_PUBLIC_KEY ?? (signing === undefined ? [] : [await publicKeyIn(signing)]),
  };
}

/** The files that {@link loadBackupKeys} reads, absolute. */
export function keyFilesOf(
  { dir }: CommandContext,
  settings: Settings,
  { identity, signingKey = settings.BACKUP_SIGNING_KEY_PATH }: KeyFlags,
): readonly string[] {
  const paths = [
    ...identityPathsOf(settings, identity),
    ...(signingKey === undefined ? [] : [signingKey]),
  ];
  return paths.map((path) => settingPath(dir, path));
}

function identityPathsOf(
  { BACKUP_IDENTITY_PATH: path }: Settings,
  flags: readonly string[] | undefined,
): readonly string[] {
  return flags ?? (path === undefined ? [] : [path]);
}

async function publicKeyIn(signingKey: string): Promise<string> {
  const { publicKeyOf } = await import("@ctb-data/backup");
  return publicKeyOf(signingKey);
}

/** The keys in a file as `age-keygen` writes it. */
function linesOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
