import { inspect } from "node:util";
import { ModelError } from "@ctb-data/models";
import { describe, expect, test } from "vitest";
import { originalOf, toFirestoreError } from "./classify-error.ts";
import { FirestoreError } from "./firestore-error.ts";

/** An error as gRPC makes it. */
function grpc(code: number, details: string, more: object = {}): Error {
  return Object.assign(new Error(`${code} STATUS: ${details}`), { code, details, ...more });
}

describe("errors of the server", () => {
  test.each([
    [grpc(3, "'IN' supports up to 30 comparison values."), "INVALID_QUERY", "INVALID_ARGUMENT"],
    [
      grpc(3, "The requested 'read_time' cannot be in the future."),
      "READ_TIME_UNAVAILABLE",
      "INVALID_ARGUMENT",
    ],
    [
      grpc(3, "Document exceeds the maximum allowed size of 1048576 bytes."),
      "RESOURCES_EXHAUSTED",
      "INVALID_ARGUMENT",
    ],
    [grpc(3, "The referenced transaction has expired."), "INVALID_TRANSACTION", "INVALID_ARGUMENT"],
    [
      grpc(5, "The database (default) does not exist for project demo"),
      "DATABASE_NOT_FOUND",
      "NOT_FOUND",
    ],
    [
      grpc(5, "No document to update: projects/p/databases/(default)/documents/a/b"),
      "DOCUMENT_NOT_FOUND",
      "NOT_FOUND",
    ],
    [grpc(6, "Document already exists"), "DOCUMENT_EXISTS", "ALREADY_EXISTS"],
    [grpc(7, "Missing or insufficient permissions."), "PERMISSION_DENIED", "PERMISSION_DENIED"],
    [grpc(8, "Quota exceeded."), "RESOURCES_EXHAUSTED", "RESOURCE_EXHAUSTED"],
    [
      grpc(9, "The requested snapshot version is too old."),
      "READ_TIME_UNAVAILABLE",
      "FAILED_PRECONDITION",
    ],
    [
      grpc(9, "the stored version (1) does not match the required base version (2)"),
      "PRECONDITION_FAILED",
      "FAILED_PRECONDITION",
    ],
    [grpc(10, "Too much contention on these documents."), "CONTENTION", "ABORTED"],
    [grpc(14, "No connection established."), "CONNECTION_FAILED", "UNAVAILABLE"],
    [grpc(4, "Deadline exceeded"), "TIMEOUT", "DEADLINE_EXCEEDED"],
    [
      grpc(16, "Request had invalid authentication credentials."),
      "AUTHENTICATION_FAILED",
      "UNAUTHENTICATED",
    ],
    [
      grpc(2, "Getting metadata from plugin failed with error: invalid_grant"),
      "AUTHENTICATION_FAILED",
      "UNKNOWN",
    ],
    [grpc(12, "PartitionQuery"), "UNSUPPORTED", "UNIMPLEMENTED"],
    [grpc(13, "oops"), "REQUEST_FAILED", "INTERNAL"],
  ])("%s", (error, code, status) => {
    expect(toFirestoreError(error)).toMatchObject({ code, status });
  });

  test("a missing index is told with where to make it", () => {
    const link =
      "https://console.firebase.google.com/v1/r/project/p/firestore/indexes?create_composite=abc";
    const error = toFirestoreError(
      grpc(9, `The query requires an index. You can create it here: ${link}`),
    );
    expect(error).toMatchObject({ code: "INDEX_MISSING", hint: expect.stringContaining(link) });
  });
});

test("neither an error nor its cause keeps what the SDK's had in it", () => {
  const error = toFirestoreError(
    grpc(16, "no", {
      config: { headers: { Authorization: "Bearer secret-token" } },
      metadata: ["secret-token"],
    }),
    { path: "a/b" },
  );
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("secret-token");
  expect(error.cause).toBeInstanceOf(Error);
  expect(originalOf(error)).toHaveProperty("config");
  expect(originalOf("other")).toBe("other");
});

test("errors of models say what and where, and its own stay as they are", () => {
  const own = new FirestoreError("CLOSED", "closed");
  expect(toFirestoreError(own)).toBe(own);
  const model = new ModelError({
    code: "INVALID_DOCUMENT",
    message: "m",
    issues: [{ path: ["a"], message: "b" }],
  });
  expect(toFirestoreError(model, { path: "a/b" })).toMatchObject({
    code: "INVALID_DOCUMENT",
    path: "a/b",
    issues: [{ path: ["a"] }],
  });
  expect(toFirestoreError("a text")).toMatchObject({ code: "REQUEST_FAILED", message: "a text" });
  expect(toFirestoreError(undefined)).toMatchObject({ code: "REQUEST_FAILED" });
  const long = toFirestoreError(new Error(`${"x".repeat(2000)}\nsecond line`));
  expect(long.message.length).toBeLessThan(600);
});
