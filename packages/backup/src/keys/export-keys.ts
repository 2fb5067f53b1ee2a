import { parseRecipient, recipientOf } from "../age/age-keys.ts";
import { formatSigningKeyFile, publicKeyOf } from "../minisign/signing-key.ts";
import { parseTrustedKey } from "../minisign/trusted-key.ts";
import { formatIdentityFile } from "./identity-file.ts";

export interface ExportKeysOptions {
  readonly recipients?: readonly string[];
  readonly publicKeys?: readonly string[];
  /** Their recipients are exported; they themselves only with `withSecrets`. */
  readonly identities?: readonly string[];
  /** Its public key is exported; it itself only with `withSecrets`. */
  readonly signingKey?: string | undefined;
  /** Gives the secret keys too, in the formats of age and minisign. */
  readonly withSecrets?: true;
  /** For the comments in the files of secret keys. Default: the clock. */
  readonly now?: () => Date;
}

/** Keys in forms for other places. */
export interface ExportedKeys {
  readonly recipients: readonly string[];
  readonly publicKeys: readonly string[];
  /** For a file of variables, `.env`. */
  readonly env: string;
  /** For `global-config.yaml`. */
  readonly yaml: string;
  /** Secret; null unless they were asked for. */
  readonly secrets: {
    /** An identity file of age with all identities; null when there is none. */
    readonly identityFile: string | null;
    /** A secret key file of minisign; null when there is none. */
    readonly signingKeyFile: string | null;
  } | null;
}

function envOf(recipients: readonly string[], publicKeys: readonly string[]): string {
  const lines = [];
  if (recipients.length > 0) lines.push(`BACKUP_RECIPIENTS=${recipients.join(",")}\n`);
  // In quotes: base64 may end in `=`.
  if (publicKeys.length > 0) lines.push(`BACKUP_PUBLIC_KEY="${publicKeys.join(",")}"\n`);
  return lines.join("");
}

function yamlList(key: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  return `    ${key}:\n${items.map((item) => `      - "${item}"\n`).join("")}`;
}

function yamlOf(recipients: readonly string[], publicKeys: readonly string[]): string {
  const body = yamlList("recipients", recipients) + yamlList("public_key", publicKeys);
  return body === "" ? "" : `data:\n  backup:\n${body}`;
}

function secretsOf(
  identities: readonly string[],
  signingKey: string | undefined,
  now: Date,
): ExportedKeys["secrets"] {
  const files = identities.map((text) => formatIdentityFile(text.trim(), now));
  return {
    identityFile: files.length === 0 ? null : files.join(""),
    signingKeyFile: signingKey === undefined ? null : formatSigningKeyFile(signingKey),
  };
}

/**
 * The public parts of keys, to paste into the settings of a machine that only makes backups; the secret ones only when asked for.
 *
 * @throws {BackupError} INVALID_KEY; shows nothing that may be secret.
 */
export function exportKeys(options: ExportKeysOptions): ExportedKeys {
  const { identities = [], signingKey, withSecrets, now = (): Date => new Date() } = options;
  const given = (options.recipients ?? []).map((text) => parseRecipient(text).text);
  const recipients = [...new Set([...given, ...identities.map(recipientOf)])];
  const signing = signingKey === undefined ? [] : [publicKeyOf(signingKey)];
  const trusted = (options.publicKeys ?? []).map((text) => parseTrustedKey(text).text);
  const publicKeys = [...new Set([...trusted, ...signing])];
  return {
    recipients,
    publicKeys,
    env: envOf(recipients, publicKeys),
    yaml: yamlOf(recipients, publicKeys),
    secrets: withSecrets === undefined ? null : secretsOf(identities, signingKey, now()),
  };
}
