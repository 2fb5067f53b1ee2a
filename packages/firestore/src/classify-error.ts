import { ModelError } from "@ctb-data/models";
import { FirestoreError, type FirestoreErrorCode } from "./firestore-error.ts";

/** What is known of the place where an error came up. */
export interface ErrorPlace {
  readonly collection?: string | undefined;
  readonly path?: string | undefined;
  /** What an error without a status is: the client refused it before it was sent. */
  readonly refused?: FirestoreErrorCode;
}

const statusNames = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

type Status = (typeof statusNames)[number];

/** The name of a gRPC status. */
export function statusName(code: number): string {
  return statusNames[code] ?? "UNKNOWN";
}

/** The SDK's own errors, for its transactions to see what is worth another try. */
const originals = new WeakMap<FirestoreError, unknown>();

/** The error that the SDK threw, where this one was made of it. */
export function originalOf(error: unknown): unknown {
  return error instanceof FirestoreError ? (originals.get(error) ?? error) : error;
}

/** Whatever was thrown, as the one error of this package. Errors of other code are the `cause` of it. */
export function toFirestoreError(error: unknown, place: ErrorPlace = {}): FirestoreError {
  if (error instanceof FirestoreError) return error;
  if (error instanceof ModelError) return ofModel(error, place);
  const made = ofSdk(error, place);
  originals.set(made, error);
  return made;
}

function ofModel(error: ModelError, place: ErrorPlace): FirestoreError {
  const code =
    error.code === "NO_KEYRING"
      ? "NO_KEYRING"
      : error.code === "INVALID_DOCUMENT"
        ? "INVALID_DOCUMENT"
        : "INVALID_VALUE";
  const { hint, issues, message } = error;
  return new FirestoreError(code, message, { ...place, hint, issues, cause: error });
}

function ofSdk(
  error: unknown,
  { refused = "REQUEST_FAILED", ...place }: ErrorPlace,
): FirestoreError {
  const status = statusOf(error);
  const text = textOf(error, status);
  if (isAuthentication(text)) {
    return new FirestoreError(
      "AUTHENTICATION_FAILED",
      `Google refused the service account: ${firstLine(text)}`,
      {
        ...place,
        status,
        hint: "Is the key still active, and is the clock of this machine right?",
        cause: safeCause(error, text),
      },
    );
  }
  if (status === undefined) return refusal(refused, text, { place, cause: safeCause(error, text) });
  const { code, message, hint } = meaningOf(status, text, refused);
  return new FirestoreError(code, `${message}${whereOf(place)}: ${firstLine(text)}`, {
    ...place,
    hint,
    status,
    cause: safeCause(error, text),
  });
}

function refusal(
  code: FirestoreErrorCode,
  text: string,
  { place, cause }: { readonly place: ErrorPlace; readonly cause: unknown },
): FirestoreError {
  if (/reads to be executed before all writes/i.test(text))
    return new FirestoreError("INVALID_TRANSACTION", "A transaction must read before it writes.", {
      ...place,
      hint: "Move every get() of the transaction before its first write.",
      cause,
    });
  if (/read-only transaction/i.test(text))
    return new FirestoreError("INVALID_TRANSACTION", "A read-only transaction cannot write.", {
      ...place,
      cause,
    });
  return new FirestoreError(code, firstLine(text), { ...place, cause });
}

interface Meaning {
  readonly code: FirestoreErrorCode;
  readonly message: string;
  readonly hint?: string;
}

function meaningOf(status: Status, text: string, refused: FirestoreErrorCode): Meaning {
  switch (status) {
    case "INVALID_ARGUMENT":
      return invalidArgument(text, refused);
    case "FAILED_PRECONDITION":
      return failedPrecondition(text);
    case "NOT_FOUND":
      return /database .*(?:does not exist|not found)|project .*does not/is.test(text)
        ? {
            code: "DATABASE_NOT_FOUND",
            message: "There is no such database",
            hint: "Check projectId and databaseId; `(default)` is the database that has no other name.",
          }
        : { code: "DOCUMENT_NOT_FOUND", message: "There is no such document" };
    case "ALREADY_EXISTS":
      return { code: "DOCUMENT_EXISTS", message: "The document is there already" };
    case "ABORTED":
      return {
        code: "CONTENTION",
        message: "Others changed the same documents at the same time",
        hint: "Try again; write a document that many change in a transaction with more retries, or split it.",
      };
    case "UNAVAILABLE":
      return {
        code: "CONNECTION_FAILED",
        message: "Firestore could not be reached",
        hint: "Is the server running, and does nothing stand between?",
      };
    case "DEADLINE_EXCEEDED":
      return { code: "TIMEOUT", message: "Firestore took too long" };
    case "CANCELLED":
      return { code: "CANCELLED", message: "The request was cancelled" };
    case "PERMISSION_DENIED":
      return {
        code: "PERMISSION_DENIED",
        message: "The service account may not do this",
        hint: "Give it the role Cloud Datastore User (roles/datastore.user) in the project.",
      };
    case "UNAUTHENTICATED":
      return { code: "AUTHENTICATION_FAILED", message: "Google does not know the service account" };
    case "RESOURCE_EXHAUSTED":
      return { code: "RESOURCES_EXHAUSTED", message: "A quota or a limit is used up" };
    case "UNIMPLEMENTED":
      return { code: "UNSUPPORTED", message: "The server does not do this" };
    case "OK":
    case "UNKNOWN":
    case "OUT_OF_RANGE":
    case "INTERNAL":
    case "DATA_LOSS":
    default:
      return { code: "REQUEST_FAILED", message: "Firestore failed" };
  }
}

function invalidArgument(text: string, refused: FirestoreErrorCode): Meaning {
  if (/read_?time/i.test(text)) return readTime;
  if (/exceeds the maximum|too large|too big|longer than|maximum size/i.test(text))
    return { code: "RESOURCES_EXHAUSTED", message: "It is larger than Firestore allows" };
  if (/transaction/i.test(text))
    return { code: "INVALID_TRANSACTION", message: "The transaction cannot go on" };
  if (refused === "INVALID_VALUE")
    return { code: "INVALID_VALUE", message: "Firestore refused the document" };
  return { code: "INVALID_QUERY", message: "Firestore refused the request" };
}

const readTime: Meaning = {
  code: "READ_TIME_UNAVAILABLE",
  message: "Firestore cannot read at that time",
  hint: "It reads the last hour to the microsecond; with point-in-time recovery seven days at whole minutes.",
};

function failedPrecondition(text: string): Meaning {
  if (/read_?time|snapshot version is too old/i.test(text)) return readTime;
  if (/requires an? .*index|index/i.test(text)) {
    const link = /https:\/\/\S+/.exec(text)?.[0];
    return {
      code: "INDEX_MISSING",
      message: "The query needs an index that the database does not have",
      hint: `Add it to firestore.indexes.json and deploy it${link === undefined ? "" : `, or create it at ${link}`}.`,
    };
  }
  return {
    code: "PRECONDITION_FAILED",
    message: "The document is not as the write asked for",
    hint: "Read it again: somebody changed it meanwhile.",
  };
}

function whereOf({ path, collection }: ErrorPlace): string {
  if (path !== undefined) return ` (${path})`;
  return collection === undefined ? "" : ` (${collection})`;
}

function statusOf(error: unknown): Status | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "number" ? statusNames[error.code] : undefined;
}

function textOf(error: unknown, status: Status | undefined): string {
  if (typeof error === "string") return error;
  if (!(error instanceof Error)) return "An unknown error came up.";
  const details = "details" in error && typeof error.details === "string" ? error.details : "";
  const text = status !== undefined && details !== "" ? details : error.message;
  // gRPC puts its own number and name before the text of the server.
  return text.replace(/^\d+ [A-Z_]+: /, "").replace(/\s*Resolution note:\s*$/, "");
}

const firstLine = (text: string): string => {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
};

function isAuthentication(text: string): boolean {
  return /invalid_grant|Getting metadata from plugin failed|invalid_client|Could not load the default credentials|DECODER routines/i.test(
    text,
  );
}

/** An error that says what happened and holds nothing else: those of the SDK carry requests, and with them tokens. */
function safeCause(error: unknown, text: string): Error {
  const cause = new Error(text);
  if (error instanceof Error) {
    cause.name = error.name;
    const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
    cause.stack = [`${error.name}: ${firstLine(text)}`, ...frames].join("\n");
  }
  return cause;
}
