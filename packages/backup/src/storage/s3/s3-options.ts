/** Keys of an account at a provider of S3. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Where a bucket is and how patiently it is spoken to. */
export interface S3StorageOptions {
  readonly bucket: string;
  /** What stands before every key, as in `backups/production`. A slash is added. At most 120 bytes. Default: nothing. */
  readonly prefix?: string | undefined;
  /** Of a provider that is not AWS, as in `https://<account>.r2.cloudflarestorage.com`. */
  readonly endpoint?: string | undefined;
  /** Default: `us-east-1` with an endpoint, else what the SDK finds (environment, `~/.aws/config`). */
  readonly region?: string | undefined;
  /** Default: what the SDK finds (environment, `~/.aws`, the role of the machine). */
  readonly credentials?: S3Credentials | undefined;
  /** The bucket in the path and not in the host's name. Default: true with an endpoint. */
  readonly forcePathStyle?: boolean | undefined;
  /**
   * Bytes of the first 1,000 parts of a large object; each further 1,000 have twice as many, so that 10,000 parts are enough
   * for 8 TiB. An object that fits into one part is written in one go. 64 KiB to 64 MiB; AWS and
   * most others refuse less than 5 MiB. Default 8 MiB.
   */
  readonly partBytes?: number | undefined;
  /** Parts of one object that are sent at the same time; one more is being filled. Default 2. */
  readonly partsInFlight?: number | undefined;
  /** How often something is tried that fails for a reason that may pass. Default 8, which is about a minute. */
  readonly tries?: number | undefined;
  /** The wait before the second try, in milliseconds; each further one is twice as long, up to 20 s, all with jitter. Default 250. */
  readonly retryDelayMs?: number | undefined;
  /** A connection on which nothing moves for so long is given up, and the work tried again. Default 60,000. */
  readonly stallMs?: number | undefined;
}
