import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testFolder } from "../../testing/test-folder.ts";
import { urlOfDatabase } from "./scratch-client.ts";
import { scratchFolder } from "./scratch-folder.ts";
import { isScratchName, scratchName, scratchPattern, templateName } from "./scratch-name.ts";

test("everybody in a workspace gets one folder, another workspace gets another", async () => {
  await using one = testFolder();
  await using two = testFolder();
  for (const { path } of [one, two]) {
    writeFileSync(join(path, "pnpm-lock.yaml"), "");
    mkdirSync(join(path, "packages", "a", "node_modules"), { recursive: true });
    writeFileSync(join(path, "packages", "a", "package.json"), "{}");
  }
  const first = scratchFolder(one.path);
  const second = scratchFolder(two.path);
  expect(scratchFolder(join(one.path, "packages", "a"))).toBe(first);
  expect(second).not.toBe(first);
  for (const folder of [first, second].filter(existsSync)) {
    expect(statSync(folder).mode & 0o077).toBe(0);
    rmSync(folder, { recursive: true });
  }
});

// Root may write everywhere.
test.skipIf(process.getuid?.() === 0)(
  "a folder that is there and cannot be written is not taken",
  async () => {
    await using project = testFolder();
    mkdirSync(join(project.path, "node_modules"));
    const first = scratchFolder(project.path);
    chmodSync(first, 0o500);
    const second = scratchFolder(project.path);
    chmodSync(first, 0o700);
    expect(second).not.toBe(first);
    for (const folder of [first, second].filter(existsSync)) rmSync(folder, { recursive: true });
  },
);

test("names are short, whatever they stand for, and differ where their parts do", () => {
  expect(templateName(["x".repeat(10_000)])).toMatch(/^ctb_template_[0-9a-f]{24}$/);
  expect(templateName(["a", "bc"])).not.toBe(templateName(["ab", "c"]));
  expect(scratchName(0x7fff_ffff, Number.MAX_SAFE_INTEGER).length).toBeLessThan(64);
});

test("the name of a database shows that it was given here", () => {
  const name = scratchName(0xdead_beef, 2024);
  expect(name).toMatch(new RegExp(scratchPattern, "u"));
  expect(isScratchName(name)).toBe(true);
  for (const other of [
    "ctb_test_deadbeef_2024",
    "ctb_test_deadbeef_2024_000000",
    `${name}0`,
    `x${name}`,
    name.replace("_2024_", "_2025_"),
  ]) {
    expect([other, isScratchName(other)]).toEqual([other, false]);
  }
});

test.each([
  ["postgres://u:p%40@h:5433/old?sslmode=disable", "postgres://u:p%40@h:5433/new?sslmode=disable"],
  ["postgres://u@/old?host=/run/pg", "postgres://u@localhost/new?host=/run/pg"],
  ["postgres://h?dbname=old&user=u", "postgres://h/new?user=u"],
])("%s with another database is %s", (url, expected) => {
  expect(urlOfDatabase(url, "new")).toBe(expected);
});
