import { describe, expect, test } from "vitest";
import type { Write } from "../protocol/messages.ts";
import { checkSequence } from "./check-sequence.ts";
import { checkWrite, type CheckedWrite } from "./check-write.ts";

const database = "projects/p/databases/d";

/** `set`, `create`, `update`, `delete`, and `remove`, a delete of what must be there; of one document. */
function writesOf(text: string): CheckedWrite[] {
  const name = `${database}/documents/a/b`;
  const update = { name, fields: new Map() };
  const all: Readonly<Record<string, Omit<Write, "updateTransforms">>> = {
    set: { update },
    create: { update, currentDocument: { exists: false } },
    update: { update, currentDocument: { exists: true } },
    delete: { delete: name },
    remove: { delete: name, currentDocument: { exists: true } },
  };
  return text
    .split(" ")
    .map((word) => checkWrite(database, { ...all[word], updateTransforms: [] }));
}

describe("writes of one document in a commit", () => {
  test.each([
    ["set create", "Cannot upsert then insert an entity in the same request."],
    ["create create", "Cannot insert then insert an entity in the same request."],
    ["create set create", "Cannot insert then insert an entity in the same request."],
    ["update create", "Cannot update then insert an entity in the same request."],
    ["remove set create", "Cannot update then insert an entity in the same request."],
    ["delete update", "Cannot delete then update an entity in the same request."],
    ["create delete update", "Cannot delete then update an entity in the same request."],
    ["delete remove", "Cannot delete then delete an entity in the same request."],
  ])("%s is refused", (text, problem) => {
    expect(() => checkSequence(writesOf(text))).toThrow(problem);
  });

  test.each([
    "set set",
    "set update",
    "create update remove create",
    "delete create",
    "delete delete",
    "remove set",
    "update remove create",
  ])("%s can be", (text) => {
    expect(() => checkSequence(writesOf(text))).not.toThrow();
  });
});
