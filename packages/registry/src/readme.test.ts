import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  checkRegistry,
  describeChange,
  diffRegistries,
  formatProblem,
  parseRegistry,
} from "./index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the example of the README says what really happens", () => {
  const [before = "", after = ""] = [...readme.matchAll(/parseRegistry\(`([^`]*)`\)/g)].map(
    ([, text = ""]) => text,
  );
  const changes = diffRegistries(parseRegistry(before), parseRegistry(after)).map(describeChange);
  expect(changes).toHaveLength(2);
  for (const change of changes) expect(readme).toContain(`"${change}"`);

  const text = /text: "(tables: [^"]*)"/.exec(readme)?.[1] ?? "";
  const [line] = checkRegistry([{ file: "registry.yml", text }])
    .problems.map(formatProblem)
    .toSorted((a, b) => b.length - a.length);
  expect(readme).toContain(line);
});
