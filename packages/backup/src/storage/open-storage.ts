import { fileURLToPath } from "node:url";
import { BackupError } from "../backup-error.ts";
import { openFolderStorage } from "./folder/folder-storage.ts";
import type { S3StorageOptions } from "./s3/s3-options.ts";
import { openS3Storage } from "./s3/s3-storage.ts";
import type { Storage } from "./storage.ts";

/** Where archives are kept, in one string, and what buckets need besides. */
export interface StorageOptions extends Omit<S3StorageOptions, "bucket" | "prefix"> {
  /** A folder (`./backups`, `file:///var/backups`) or a bucket (`s3://bucket/prefix`). */
  readonly url: string;
}

const others: Readonly<Record<string, string>> = {
  "gs:":
    "Google Cloud Storage speaks S3: make an HMAC key, and use s3://bucket/prefix with the endpoint https://storage.googleapis.com.",
  "gcs:":
    "Google Cloud Storage speaks S3: make an HMAC key, and use s3://bucket/prefix with the endpoint https://storage.googleapis.com.",
  "r2:":
    "Use s3://bucket/prefix with the endpoint https://<account>.r2.cloudflarestorage.com and the region auto.",
  "b2:": "Use s3://bucket/prefix with the endpoint https://s3.<region>.backblazeb2.com.",
  "minio:": "Use s3://bucket/prefix with the server's URL as the endpoint.",
  "http:": "Use s3://bucket/prefix and give this URL as the endpoint.",
  "https:": "Use s3://bucket/prefix and give this URL as the endpoint.",
};

/**
 * Opens the storage that a URL names.
 *
 * @throws {BackupError} INVALID_OPTIONS for anything but a folder, `file:` and `s3:`; what the storage itself throws.
 */
export async function openStorage({ url, ...options }: StorageOptions): Promise<Storage> {
  const scheme = /^[a-z][a-z0-9+.-]+:/iu.exec(url)?.[0].toLowerCase();
  if (scheme === undefined) return await openFolderStorage({ dir: url });
  if (scheme === "file:") return await openFolderStorage({ dir: fileOf(url) });
  if (scheme === "s3:") return await openS3Storage({ ...options, ...bucketOf(url) });
  throw new BackupError("INVALID_OPTIONS", `A storage cannot be opened by ${scheme}…`, {
    hint: others[scheme] ?? "Name a folder, or a bucket as s3://bucket/prefix.",
  });
}

function fileOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new BackupError("INVALID_OPTIONS", `${url} is no URL of a folder on this machine.`, {
      hint: "Write the path itself, or file:///path.",
      cause: error,
    });
  }
}

function bucketOf(url: string): { readonly bucket: string; readonly prefix: string } {
  const rest = url.slice("s3:".length);
  const match = /^\/\/([^/?#@:]+)(?:\/([^?#]*))?$/u.exec(rest);
  // Not the URL itself: it may hold a password.
  if (!match)
    throw new BackupError(
      "INVALID_OPTIONS",
      "The URL of the bucket is not of the form s3://bucket/prefix.",
      {
        hint: "Credentials, endpoint and region are options of their own, not parts of the URL.",
      },
    );
  return { bucket: match[1] ?? "", prefix: (match[2] ?? "").replace(/\/+$/u, "") };
}
