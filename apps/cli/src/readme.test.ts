import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCliProcess } from "../testing/cli-process.ts";
import { testDir } from "../testing/test-dir.ts";

test("the commands of the README work when they are pasted one after the other", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const block = /```sh\n(?<lines>[^]*?)```/u.exec(readme)?.groups?.["lines"] ?? "";
  const commands = block
    .trim()
    .split("\n")
    .map((line) => line.replace(/#.*$/u, "").trim());
  expect(commands.length).toBeGreaterThan(4);
  await using dir = await testDir();
  let cwd = dir.path;
  for (const command of commands) {
    const [program, ...words] = command.split(/\s+/u);
    if (program === "cd") {
      cwd = join(cwd, words[0] ?? "");
      continue;
    }
    expect(words[0]).toBe("@ctb-data/cli");
    const { code, stderr } = await runCliProcess(words.slice(1), { cwd });
    expect({ command, code, error: stderr.includes("error") }).toEqual({
      command,
      code: 0,
      error: false,
    });
  }
}, 180_000);

/** Times and days are those of the run. */
const timeless = (text: string): string =>
  text
    .replaceAll(/\d+(?:\.\d)? m?s$/gmu, "some time")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/gu, "some day")
    .trim();

test("the commands about vendor blueprints print what the README says that they print", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const blockOf = (kind: string): string =>
    new RegExp(`\`\`\`${kind}\\n([^]*?)\`\`\``, "u").exec(readme)?.[1] ?? "";
  await using dir = await testDir({ "companies.csv": blockOf("csv") });
  for (const words of [["init"], ["migrate", "up"]]) {
    await runCliProcess(words, { cwd: dir.path });
  }
  const told = blockOf("console").split("$ ctb-data ").slice(1);
  expect(told.length).toBeGreaterThan(2);
  for (const block of told) {
    const [command = "", ...lines] = block.split("\n");
    const { stdout } = await runCliProcess(command.split(" "), { cwd: dir.path });
    expect({ command, text: timeless(stdout) }).toEqual({
      command,
      text: timeless(lines.join("\n")),
    });
  }
}, 180_000);
