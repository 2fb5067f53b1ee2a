import { createHash } from "node:crypto";
import { z } from "zod";
import { BackupError, type BackupErrorCode } from "../backup-error.ts";
import { signMessage } from "../minisign/sign-message.ts";
import { verifySignature } from "../minisign/verify-signature.ts";
import type { Storage } from "../storage/storage.ts";
import { evidenceFolder } from "./archive-layout.ts";
import { archiveFormat } from "./backup-manifest.ts";
import { parseRecord } from "./parse-record.ts";

/** How much of a backup was looked at, from little to all. Each level does what those before it do. */
export const verifyLevels = ["stored", "hashes", "contents", "drill"] as const;

/**
 * - `stored`: everything is there, of the right size, and signed
 * - `hashes`: every stored byte was read and hashed; needs no secret key
 * - `contents`: everything was decrypted and decompressed, and rows and documents counted
 * - `drill`: restored into throwaway databases and compared
 */
export type VerifyLevel = (typeof verifyLevels)[number];

const count = z.number().int().nonnegative();

export const evidenceSchema = z.object({
  format: z.literal(archiveFormat),
  backup: z.string(),
  /** Of the BACKUP.json that was verified. */
  recordSha256: z.string(),
  level: z.enum(verifyLevels),
  ok: z.boolean(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  tool: z.string(),
  checked: z.object({
    parts: count,
    storedBytes: count,
    plainBytes: count,
    rows: count,
    documents: count,
  }),
  /** What is wrong with the backup; full sentences. None when `ok`. */
  findings: z.array(z.string()),
  /** What is worth knowing and no fault of the backup. */
  notes: z.array(z.string()),
  /** Of a drill: where it was restored to. */
  target: z.string().nullable(),
});

/** What a verification found: who looks at a backup later can see what was done to it. */
export type Evidence = Readonly<z.infer<typeof evidenceSchema>>;

/** What is written and who signs it. */
export interface EvidenceEntry {
  readonly evidence: Evidence;
  /** A minisign secret key. */
  readonly signingKey: string;
}

/** Stores signed evidence. Returns its key. */
export async function writeEvidence(
  storage: Storage,
  { evidence, signingKey }: EvidenceEntry,
  signal?: AbortSignal,
): Promise<string> {
  const body = Buffer.from(`${JSON.stringify(evidence, undefined, 2)}\n`);
  const time = evidence.finishedAt.replaceAll(/[:.]/gu, "-");
  const key = `${evidenceFolder(evidence.backup)}${time}-${sha256Of(body).slice(0, 8)}.json`;
  const signature = signMessage({
    message: body,
    secretKey: signingKey,
    trustedComment: commentOf(evidence.backup),
  });
  await storage.put(`${key}.minisig`, Buffer.from(signature), { signal });
  await storage.put(key, body, { ifAbsent: true, signal });
  return key;
}

/** Where to look for evidence, and whom to believe. */
export interface EvidenceQuery {
  readonly backup: string;
  readonly recordSha256: string;
  readonly publicKeys: readonly string[];
}

/** Evidence, and when the storage says that it was written: who wrote it may have had another clock. */
export interface StoredEvidence {
  readonly evidence: Evidence;
  readonly storedAt: Date;
}

/** The evidence about one backup that is signed by one of the keys, oldest first. What is not is left out. */
export async function readEvidence(
  storage: Storage,
  query: EvidenceQuery,
  signal?: AbortSignal,
): Promise<readonly StoredEvidence[]> {
  const found: StoredEvidence[] = [];
  for await (const { key, modifiedAt } of storage.list(evidenceFolder(query.backup), { signal })) {
    if (!key.endsWith(".json")) continue;
    const evidence = await readOne(storage, key, { ...query, signal });
    if (evidence !== undefined) found.push({ evidence, storedAt: modifiedAt });
  }
  return found.toSorted((left, right) =>
    left.evidence.finishedAt.localeCompare(right.evidence.finishedAt),
  );
}

async function readOne(
  storage: Storage,
  key: string,
  {
    backup,
    recordSha256,
    publicKeys,
    signal,
  }: EvidenceQuery & { readonly signal: AbortSignal | undefined },
): Promise<Evidence | undefined> {
  try {
    const content = await storage.get(key, { signal });
    const signature = await storage.get(`${key}.minisig`, { signal });
    if (content === undefined || signature === undefined) return undefined;
    const { trustedComment } = verifySignature({
      message: content.body,
      signature: Buffer.from(signature.body).toString(),
      publicKeys,
    });
    const evidence = parseRecord(evidenceSchema, content.body, { key, backup });
    const isHere = evidence.backup === backup && evidence.recordSha256 === recordSha256;
    return isHere && trustedComment === commentOf(backup) ? evidence : undefined;
  } catch (error) {
    // Anybody who can write there can leave anything: it proves nothing, and must not stop what is good.
    if (error instanceof BackupError && provesNothing.has(error.code)) return undefined;
    throw error;
  }
}

/** Bytes that are no evidence, or too many to be some. A storage that fails is another matter. */
const provesNothing: ReadonlySet<BackupErrorCode> = new Set([
  "BAD_SIGNATURE",
  "CORRUPT",
  "UNKNOWN_FORMAT",
  "INVALID_KEY",
  "INVALID_OPTIONS",
]);

/** What the signature says that it is for, so that it cannot be put under something else. */
function commentOf(backup: string): string {
  return `ctb-data evidence ${backup}`;
}

export function sha256Of(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
