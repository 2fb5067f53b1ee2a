import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type * as S3 from "@aws-sdk/client-s3";
import { BackupError } from "../../backup-error.ts";
import { throwIfCancelled } from "../throw-if-cancelled.ts";
import { isPassing, s3Error } from "./s3-error.ts";
import type { S3StorageOptions } from "./s3-options.ts";

/** The SDK, once it is loaded. */
export type S3Sdk = typeof S3;

/** One piece of work with the bucket. */
export interface Work {
  /** For the message of an error, as in `Writing a/b`. */
  readonly doing: string;
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How often it is tried; by default as the storage says. */
  readonly tries?: number | undefined;
}

/** Given to every request. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

const maxDelayMs = 20_000;

/** A bucket, its client, and the patience that all requests have in common. */
export class S3Bucket {
  readonly sdk: S3Sdk;
  readonly client: S3.S3Client;
  readonly name: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly tries: number;
  readonly #retryDelayMs: number;

  constructor(sdk: S3Sdk, options: S3StorageOptions) {
    this.sdk = sdk;
    this.name = options.bucket;
    this.prefix = options.prefix ? `${options.prefix.replace(/\/+$/u, "")}/` : "";
    this.tries = options.tries ?? 8;
    this.#retryDelayMs = options.retryDelayMs ?? 250;
    this.client = clientOf(sdk, options);
  }

  /** What names an object in a request. */
  at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.name, Key: this.prefix + key };
  }

  /**
   * Does the work until it succeeds, or fails for good.
   *
   * @throws {BackupError} what the last error means; CANCELLED
   */
  async run<T>(work: Work, attempt: (options: SendOptions) => Promise<T>): Promise<T> {
    const { doing, key, signal, tries = this.tries } = work;
    for (let tried = 1; ; tried += 1) {
      throwIfCancelled(signal);
      try {
        return await attempt(signal ? { abortSignal: signal } : {});
      } catch (error) {
        throwIfCancelled(signal);
        if (tried >= tries || !isPassing(error)) throw s3Error(doing, error, key);
      }
      await this.pause(tried, signal);
    }
  }

  /** The wait after so many failures in a row. */
  async pause(failures: number, signal: AbortSignal | undefined): Promise<void> {
    const limit = Math.min(this.#retryDelayMs * 2 ** (failures - 1), maxDelayMs);
    // Half of it at random, so that many who failed together do not come back together.
    const delay = limit / 2 + (Math.random() * limit) / 2;
    await sleep(delay, undefined, signal ? { signal } : {}).catch(() => undefined);
    throwIfCancelled(signal);
  }
}

/** As the header Content-MD5 has it. */
export function contentMd5(body: Uint8Array): string {
  return createHash("md5").update(body).digest("base64");
}

/** @throws {BackupError} NOT_INSTALLED */
export async function loadS3Sdk(): Promise<S3Sdk> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (error) {
    throw new BackupError(
      "NOT_INSTALLED",
      "Buckets need the package @aws-sdk/client-s3, which is not installed.",
      {
        hint: "npm install @aws-sdk/client-s3",
        cause: error,
      },
    );
  }
}

function clientOf(sdk: S3Sdk, options: S3StorageOptions): S3.S3Client {
  const { endpoint, credentials, stallMs = 60_000 } = options;
  const region = options.region ?? (endpoint === undefined ? undefined : "us-east-1");
  const client = new sdk.S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined
      ? {}
      : { credentials: { ...credentials, sessionToken: credentials.sessionToken ?? "" } }),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    // CRC32, the SDK's default, is refused or ignored by R2, B2, GCS and old Ceph (aws-sdk-js-v3#6810). Content-MD5 is known everywhere.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // With it the SDK opens a new connection for every part.
    expectContinueHeader: false,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: Math.min(stallMs, 15_000), socketTimeout: stallMs },
  });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      // DeleteObjects needs a checksum, and the SDK would send CRC32 whatever it is told.
      if (context["commandName"] === "DeleteObjectsCommand") useMd5(args);
      return await next(args);
    },
    { step: "build", priority: "low", name: "contentMd5ForDeleteObjects" },
  );
  return client;
}

function useMd5(args: object): void {
  if (!("request" in args) || typeof args.request !== "object" || args.request === null) return;
  const { request } = args;
  if (!("headers" in request) || !("body" in request) || !isRecord(request.headers)) return;
  const { headers, body } = request;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return;
  delete headers["x-amz-checksum-crc32"];
  delete headers["x-amz-sdk-checksum-algorithm"];
  headers["content-md5"] = createHash("md5").update(body).digest("base64");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
