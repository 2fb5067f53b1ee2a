import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { createAgeDecryptor } from "../age/age-decryptor.ts";
import { createAgeEncryptor } from "../age/age-encryptor.ts";
import {
  type AgeIdentity,
  type AgeRecipient,
  parseIdentity,
  parseRecipient,
} from "../age/age-keys.ts";
import { BackupError } from "../backup-error.ts";
import type { KeyProblem } from "./key-problem.ts";
import { verifySigning, type SigningReport } from "./verify-signing.ts";

export interface VerifyKeysOptions {
  /** Public keys that backups are encrypted to. */
  readonly recipients: readonly string[];
  /** Secret keys that are at hand, `AGE-SECRET-KEY-1…`. On a machine that only makes backups there need not be any. */
  readonly identities: readonly string[];
  /** The minisign secret key that signs, if it is at hand. */
  readonly signingKey?: string | undefined;
  /** The minisign public keys that are trusted. */
  readonly publicKeys: readonly string[];
  /** Paths of files with secret keys: nobody but their owner should be able to read them. */
  readonly files?: readonly string[];
}

/** What was found out about keys by trying them. Holds no secret. */
export interface KeysReport {
  /** True without an error; there may be warnings. */
  readonly ok: boolean;
  /** Each recipient, and whether one of the identities opened what was encrypted to it. */
  readonly recipients: readonly { readonly recipient: string; readonly opened: boolean }[];
  /** Public keys of identities that nothing is encrypted to. */
  readonly unused: readonly string[];
  /** Null when no signing key was given, or it is none. */
  readonly signing: SigningReport | null;
  readonly problems: readonly KeyProblem[];
}

/** The values of the texts that are keys; what is wrong with the others goes to `problems`. */
function parseAll<Key>(
  texts: readonly string[],
  parse: (text: string) => Key,
  problems: KeyProblem[],
): readonly Key[] {
  return texts.flatMap((text) => {
    try {
      return [parse(text)];
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      problems.push({ severity: "error", message: error.message, hint: error.hint ?? "" });
      return [];
    }
  });
}

/** Encrypts something to a recipient, and tries to open it. */
function canOpen(recipient: AgeRecipient, identities: readonly AgeIdentity[]): boolean {
  const plain = randomBytes(1000);
  const encryptor = createAgeEncryptor([recipient]);
  const file = Buffer.concat([...encryptor.update(plain), ...encryptor.final()]);
  const decryptor = createAgeDecryptor(identities);
  try {
    return plain.equals(Buffer.concat([...decryptor.update(file), ...decryptor.final()]));
  } catch (error) {
    if (error instanceof BackupError && error.code === "WRONG_KEY") return false;
    throw error;
  }
}

async function fileProblems(path: string): Promise<readonly KeyProblem[]> {
  // Windows has other rights, which Node does not show.
  if (process.platform === "win32") return [];
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) === 0) return [];
    return [
      {
        severity: "error",
        message: `Others than its owner can read ${path} (mode ${(mode & 0o777).toString(8)}).`,
        hint: `chmod 600 ${path}. If others may have read it, make new keys.`,
      },
    ];
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return [
      {
        severity: "error",
        message: `The key file ${path} cannot be looked at (${code}).`,
        hint: "Check the path, and that its folders can be entered.",
      },
    ];
  }
}

function recipientProblems(
  recipients: KeysReport["recipients"],
  identities: readonly AgeIdentity[],
): readonly KeyProblem[] {
  if (recipients.length === 0) {
    return [
      {
        severity: "error",
        message: "There is no recipient: nothing can be encrypted.",
        hint: "`ctb-data backup keys create` makes two.",
      },
    ];
  }
  const problems: KeyProblem[] = [];
  if (new Set(recipients.map(({ recipient }) => recipient)).size === 1) {
    problems.push({
      severity: "warning",
      message: "There is only one recipient: with its secret key, every backup is lost.",
      hint: "Add a second one whose identity is kept off-line.",
    });
  }
  if (identities.length > 0 && !recipients.some(({ opened }) => opened)) {
    problems.push({
      severity: "error",
      message: "None of the identities opens what is encrypted to the recipients.",
      hint: "Backups that are made now could not be restored with these identities. Give those of the recipients.",
    });
  }
  return problems;
}

/**
 * Tries keys out: encrypts something to each recipient and opens it with the identities, signs something and verifies it, and looks
 * who can read the files. Everything that is wrong is reported at once; keys that are none are problems too, and are not shown.
 */
export async function verifyKeys(options: VerifyKeysOptions): Promise<KeysReport> {
  const problems: KeyProblem[] = [];
  const recipients = parseAll(options.recipients, parseRecipient, problems);
  const identities = parseAll(options.identities, parseIdentity, problems);
  const opened = parseAll(
    recipients.map(({ text }) => text),
    (text) => ({ recipient: text, opened: canOpen(parseRecipient(text), identities) }),
    problems,
  );
  problems.push(...recipientProblems(opened, identities));
  const signing = verifySigning(options.signingKey, options.publicKeys);
  problems.push(...signing.problems);
  for (const path of options.files ?? []) problems.push(...(await fileProblems(path)));
  const known = new Set(opened.map(({ recipient }) => recipient));
  return {
    ok: problems.every(({ severity }) => severity === "warning"),
    recipients: opened,
    unused: identities.map(({ recipient }) => recipient.text).filter((text) => !known.has(text)),
    signing: signing.report,
    problems,
  };
}
