import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { createTestFolder } from "../../testing/keys-programs.ts";
import { writeNewFiles } from "./write-new-files.ts";

test("when a later file cannot be placed, those before it do not stay", async () => {
  using folder = createTestFolder();
  const dir = folder.path("keys");
  // Two names of one file: the second is taken by the time that it is placed, as by somebody who was faster.
  const files = ["a", "b", "x/../b"].map((name) => ({ name, text: name, mode: 0o600 }));
  await expect(writeNewFiles(dir, files)).rejects.toThrow(
    expect.objectContaining({ code: "CONFLICT" }),
  );
  expect(readdirSync(dir)).toEqual([]);
});
