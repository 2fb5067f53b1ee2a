/** The operations that the server knows. */
export type S3Operation =
  | "AbortMultipartUpload"
  | "CompleteMultipartUpload"
  | "CreateMultipartUpload"
  | "DeleteObject"
  | "DeleteObjects"
  | "GetObject"
  | "HeadObject"
  | "ListMultipartUploads"
  | "ListObjectsV2"
  | "ListParts"
  | "PutObject"
  | "UploadPart";

/** What goes wrong. */
export type S3FaultKind =
  /** The connection breaks when the headers have arrived; nothing is done. */
  | "reset-before"
  /** The connection breaks after some bytes of the request's body; nothing is done. */
  | "reset-during"
  /** It is done, and the connection breaks instead of a reply. */
  | "lost-reply"
  /** It is done; of the reply's body half arrives, and the connection breaks. */
  | "half-body"
  /** Nothing is done and nothing is answered. */
  | "stall"
  /** It is done; of the reply's body half arrives and then nothing more. */
  | "stall-body"
  /** 500 InternalError; nothing is done. */
  | "internal-error"
  /** 503 SlowDown; nothing is done. */
  | "slow-down"
  /** It is done, and the reply says 500. */
  | "late-error"
  /** 200, with an error in the body; nothing is done. */
  | "error-in-200"
  /** A bit of the request's body is another one when it arrives. */
  | "flip-in"
  /** A bit of the reply's body is another one when it leaves. */
  | "flip-out"
  /** 403 AccessDenied. */
  | "denied"
  /** 403 QuotaExceeded. */
  | "quota"
  /** A list does not have the object that was written last. */
  | "stale";

/** One thing that goes wrong, a number of times. */
export interface S3Fault {
  readonly operation: S3Operation;
  readonly kind: S3FaultKind;
  /** How often. Default 1. */
  readonly times?: number;
  /** How many requests of this operation are let through before. Default 0. */
  readonly after?: number;
  /** Only for keys that contain this. */
  readonly key?: string;
}

/** The faults that are still to come. */
export class S3Faults {
  #planned: { fault: S3Fault; skip: number; left: number }[] = [];

  plan(fault: S3Fault): void {
    this.#planned.push({ fault, skip: fault.after ?? 0, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#planned = [];
  }

  /** The fault for a request, used up by it. */
  next(operation: S3Operation, key: string): S3FaultKind | undefined {
    for (const planned of this.#planned) {
      const { fault } = planned;
      if (fault.operation !== operation || planned.left === 0) continue;
      if (fault.key !== undefined && !key.includes(fault.key)) continue;
      if (planned.skip > 0) {
        planned.skip -= 1;
        continue;
      }
      planned.left -= 1;
      return fault.kind;
    }
    return undefined;
  }
}
