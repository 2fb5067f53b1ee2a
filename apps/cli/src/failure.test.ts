import { readFile } from "node:fs/promises";
import { BackupError } from "@ctb-data/backup";
import { FirestoreError } from "@ctb-data/firestore";
import { EmulatorError } from "@ctb-data/firestore-emulator";
import { IntegrityError } from "@ctb-data/integrity";
import { MigrationError } from "@ctb-data/migrations";
import { ModelError } from "@ctb-data/models";
import { PipelineError } from "@ctb-data/pipeline";
import { PostgresError } from "@ctb-data/postgres";
import { RegistryError } from "@ctb-data/registry";
import { FixtureError } from "@ctb-data/test-fixtures";
import { describe, expect, test } from "vitest";
import { CliError } from "./cli-error.ts";
import { failureOf } from "./failure.ts";

describe("the exit code says what kind of failure it is", () => {
  test.each([
    [new CliError("INVALID_CONFIG", "m", { hint: "h" }), 2],
    [new CliError("DECLINED", "m", { hint: "h" }), 4],
    [new RegistryError("INVALID_REGISTRY", "m", { hint: "h" }), 1],
    [new RegistryError("NOT_FOUND", "m", { hint: "h" }), 2],
    [new ModelError({ code: "INVALID_KEYRING", message: "m", hint: "h" }), 2],
    [new PostgresError("CONNECTION_FAILED", "m", { hint: "h" }), 1],
    [new PostgresError("INVALID_OPTIONS", "m", { hint: "h" }), 2],
    [new FirestoreError("INVALID_CREDENTIALS", "m", { hint: "h" }), 2],
    [new FirestoreError("UNKNOWN_COLLECTION", "m", { hint: "h" }), 2],
    [new FirestoreError("CONNECTION_FAILED", "m", { hint: "h" }), 1],
    [new EmulatorError("DATA_FOLDER_IN_USE", "m", { hint: "h" }), 5],
    [new EmulatorError("DATA_CORRUPT", "m", { hint: "h" }), 1],
    [new MigrationError("LOCKED", "m", { hint: "h" }), 5],
    [new MigrationError("EDITED", "m", { hint: "h" }), 3],
    [new MigrationError("WOULD_LOSE_DATA", "m", { hint: "h" }), 4],
    [new MigrationError("STATEMENT_FAILED", "m", { hint: "h" }), 1],
    [new CliError("BACKUP_DISABLED", "m", { hint: "h" }), 2],
    [new BackupError("NO_RECIPIENT", "m", { hint: "h" }), 2],
    [new BackupError("NO_SIGNING_KEY", "m", { hint: "h" }), 2],
    [new BackupError("INVALID_OPTIONS", "m", { hint: "h" }), 2],
    [new BackupError("INVALID_KEY", "m", { hint: "h" }), 2],
    [new BackupError("NOT_FOUND", "m", { hint: "h" }), 2],
    [new BackupError("LOCKED", "m", { hint: "h" }), 5],
    [new BackupError("REFUSED", "m", { hint: "h" }), 4],
    [new BackupError("NOT_EMPTY", "m", { hint: "h" }), 4],
    [new BackupError("NOT_COVERED", "m", { hint: "h" }), 4],
    [new BackupError("CONFLICT", "m", { hint: "h" }), 4],
    [new BackupError("CANCELLED", "m", { hint: "h" }), 130],
    [new BackupError("WRONG_KEY", "m", { hint: "h" }), 1],
    [new BackupError("BAD_SIGNATURE", "m", { hint: "h" }), 1],
    [new BackupError("STORAGE_FAILED", "m", { hint: "h" }), 1],
    [new IntegrityError("INVALID_OPTIONS", "m", { hint: "h" }), 2],
    [new IntegrityError("NOT_FOUND", "m", { hint: "h" }), 2],
    [new IntegrityError("POOLED_HOST", "m", { hint: "h" }), 4],
    [new IntegrityError("REFUSED", "m", { hint: "h" }), 4],
    [new IntegrityError("LOCKED", "m", { hint: "h" }), 5],
    [new IntegrityError("LOCK_TIMEOUT", "m", { hint: "h" }), 1],
    [new IntegrityError("STATEMENT_TIMEOUT", "m", { hint: "h" }), 1],
    [new IntegrityError("DENIED", "m", { hint: "h" }), 1],
    [new IntegrityError("DATABASE_FAILED", "m", { hint: "h" }), 1],
    [new IntegrityError("FIRESTORE_FAILED", "m", { hint: "h" }), 1],
    [new IntegrityError("UNKNOWN_FORMAT", "m", { hint: "h" }), 1],
    [new IntegrityError("CANCELLED", "m", { hint: "h" }), 130],
    [new PipelineError("INVALID_OPTIONS", "m", { hint: "h" }), 2],
    [new PipelineError("NOT_FOUND", "m", { hint: "h" }), 2],
    [new PipelineError("INVALID_BLUEPRINT", "m", { hint: "h" }), 1],
    [new PipelineError("MISSING_TABLES", "m", { hint: "h" }), 3],
    [new PipelineError("FILE_FAILED", "m", { hint: "h" }), 1],
    [new PipelineError("RUN_UNDER_WAY", "m", { hint: "h" }), 5],
    [new PipelineError("LEASE_LOST", "m", { hint: "h" }), 5],
    [new PipelineError("RUN_CANCELLED", "m", { hint: "h" }), 1],
    [new PipelineError("RUN_FAILED", "m", { hint: "h" }), 1],
    [new PipelineError("REFUSED", "m", { hint: "h" }), 4],
    [new PipelineError("DENIED", "m", { hint: "h" }), 1],
    [new PipelineError("DATABASE_FAILED", "m", { hint: "h" }), 1],
    [new PipelineError("FIRESTORE_FAILED", "m", { hint: "h" }), 1],
    [new PipelineError("UNKNOWN_FORMAT", "m", { hint: "h" }), 1],
    [new PipelineError("CANCELLED", "m", { hint: "h" }), 130],
    [new FixtureError("INVALID_OPTIONS", "m", { hint: "h" }), 2],
    [new FixtureError("INVALID_OVERRIDE", "m", { hint: "h" }), 2],
    [new FixtureError("NO_SERVER", "m", { hint: "h" }), 2],
    [new FixtureError("NOT_FOUND", "m", { hint: "h" }), 2],
    [new FixtureError("REFUSED", "m", { hint: "h" }), 4],
    [new FixtureError("MIGRATION_FAILED", "m", { hint: "h" }), 1],
    [new FixtureError("CANNOT_MAKE", "m", { hint: "h" }), 1],
    [new FixtureError("CANCELLED", "m", { hint: "h" }), 130],
  ])("%o", (error, exitCode) => {
    expect(failureOf(error)).toEqual({ code: error.code, message: "m", hint: "h", exitCode });
  });
});

test("an error of a package that has no hint gets one", () => {
  for (const error of [
    new PostgresError("QUERY_FAILED", "It failed."),
    new MigrationError("HISTORY_FAILED", "It failed."),
    new ModelError({ code: "INVALID_ROW", message: "It failed." }),
  ]) {
    expect(failureOf(error)).toMatchObject({
      code: error.code,
      message: "It failed.",
      hint: expect.stringContaining("--verbose"),
    });
  }
});

test("an error of the operating system is told in words", async () => {
  const error: unknown = await readFile("/nowhere/at/all").catch((each: unknown) => each);
  expect(failureOf(error)).toEqual({
    code: "ENOENT",
    message: "no such file or directory, open '/nowhere/at/all'.",
    hint: "Check the path.",
    exitCode: 1,
  });
});

test.each([
  [new TypeError("x is not a function"), "x is not a function"],
  ["a string", "a string"],
  [undefined, "undefined"],
])("anything else, such as %o, is a bug of ours", (error, message) => {
  expect(failureOf(error)).toMatchObject({ code: "UNEXPECTED", message, exitCode: 1 });
});
