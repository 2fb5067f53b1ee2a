import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testFolder } from "../../testing/test-folder.ts";
import { ServerLog } from "./server-log.ts";

test("lines are handed out whole, wherever the chunks were cut", async () => {
  await using folder = testFolder();
  const file = join(folder.path, "server.log");
  const lines: string[] = [];
  const log = new ServerLog(file, (line) => lines.push(line));
  const bytes = Buffer.from("eins\nzwölf\n\ndreiß");
  for (const byte of bytes) log.write(Buffer.from([byte]));
  log.write(Buffer.from("ig\n"));
  expect(lines).toEqual(["eins", "zwölf", "", "dreißig"]);
  expect(readFileSync(file, "utf8")).toBe("eins\nzwölf\n\ndreißig\n");
});

test("the tail is the last eight lines of the present try", async () => {
  await using folder = testFolder();
  const log = new ServerLog(join(folder.path, "server.log"), () => {});
  log.write(Buffer.from("old\n"));
  log.forget();
  log.write(Buffer.from(Array.from({ length: 9 }, (_, index) => `${index}\n`).join("")));
  expect(log.tail).toBe("1\n2\n3\n4\n5\n6\n7\n8");
});

test("the file is appended to, private, and begun anew beyond 10 MB with the old one kept", async () => {
  await using folder = testFolder();
  const file = join(folder.path, "server.log");
  new ServerLog(file, () => {}).write(Buffer.alloc(6_000_000, "a\n"));
  const log = new ServerLog(file, () => {});
  log.write(Buffer.alloc(6_000_000, "b\n"));
  expect(statSync(file).size).toBe(12_000_000);
  log.write(Buffer.from("c\n"));
  expect(readFileSync(file, "utf8")).toBe("c\n");
  expect(statSync(`${file}.1`).size).toBe(12_000_000);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
