/**
 * Where everything of a repository of backups is, below the storage's folder or prefix:
 *
 * - `backups/<id>/…`: one backup; it exists when its `BACKUP.json` does
 * - `verify/<id>/<time>.json`: evidence of a verification, with a signature beside
 * - `tombstones/<id>.json`: what prune removed, when and why
 * - `locks/<name>.json`: leases
 */
export const archiveRoots = {
  backups: "backups/",
  evidence: "verify/",
  tombstones: "tombstones/",
  locks: "locks/",
} as const;

/** Names below a backup's folder. */
export const archiveNames = {
  commitRecord: "BACKUP.json",
  signature: "BACKUP.json.minisig",
  checksums: "SHA256SUMS",
  instructions: "RESTORE.md",
  /** Without the suffixes of compression and encryption. */
  manifest: "manifest.json",
} as const;

/** `backups/<id>/` */
export function backupFolder(id: string): string {
  return `${archiveRoots.backups}${id}/`;
}

/** The key of something in a backup. */
export function backupKey(id: string, name: string): string {
  return `${backupFolder(id)}${name}`;
}

/** `verify/<id>/` */
export function evidenceFolder(id: string): string {
  return `${archiveRoots.evidence}${id}/`;
}
