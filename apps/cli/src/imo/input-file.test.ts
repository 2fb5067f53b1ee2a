import { join } from "node:path";
import { expect, test } from "vitest";
import { testDir } from "../../testing/test-dir.ts";
import { inputFile } from "./input-file.ts";

test("a file counts from the project's folder; what is not there, or is none, is told before anything is done", async () => {
  await using dir = await testDir({ "in/a.csv": "A\n" });
  expect(await inputFile(dir.path, "in/a.csv")).toBe(join(dir.path, "in/a.csv"));
  expect(await inputFile("/", join(dir.path, "in/a.csv"))).toBe(join(dir.path, "in/a.csv"));
  await expect(inputFile(dir.path, "in/b.csv")).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: "The file in/b.csv is not there.",
  });
  for (const other of ["in", "/dev/null"]) {
    await expect(inputFile(dir.path, other)).rejects.toMatchObject({
      code: "USAGE",
      message: `${other} is not a file.`,
    });
  }
});
