import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { blueprintText, chooseBlueprint, type Direction } from "./choose-blueprint.ts";

const registry = parseRegistry(`tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: text }
`);

const intake =
  "intake: { format: csv, table: clients, collection: in, key: Mail, columns: { email: Mail } }";
const exported = "export: { source: clients, output: csv, fields: { MAIL: email } }";
const file = (name: string, ...lines: readonly string[]): { file: string; text: string } => ({
  file: `b/${name}.yml`,
  text: `${lines.join("\n")}\n`,
});

const list = file("list", "vendor: list", "version: 1", intake);
const old = file("old", "vendor: acme", "version: 2025", exported);
const acme = file("acme", "vendor: acme", "version: 2026", exported);
const broken = file("broken", "vendor: 'Bad Co'", "version: 1", "intake: { format: cvs }");

const choose = (
  files: readonly { file: string; text: string }[],
  vendor?: string,
  direction?: Direction,
): string => {
  const chosen = chooseBlueprint(files, registry, { vendor, direction, folder: "b" });
  return `${blueprintText(chosen.blueprint)} in ${chosen.file.file}: --vendor ${chosen.word}`;
};

test("without a name it is the only one that leads the right way", () => {
  expect(choose([list, acme], undefined, "intake")).toBe("list 1 in b/list.yml: --vendor list");
  expect(choose([list, acme], undefined, "export")).toBe("acme 2026 in b/acme.yml: --vendor acme");
  expect(() => choose([list, acme])).toThrow(
    expect.objectContaining({
      code: "USAGE",
      message: "There are 2 blueprints in b: list 1, acme 2026.",
      hint: "Name one: --vendor list",
    }),
  );
  expect(() => choose([], undefined, "export")).toThrow(
    expect.objectContaining({
      code: "NOT_FOUND",
      message: "There is no blueprint with an export in b.",
    }),
  );
});

test("several versions of one vendor must be told apart, and can be", () => {
  expect(() => choose([list, old, acme], "acme", "export")).toThrow(
    expect.objectContaining({
      message: "There are 2 blueprints with an export in b: acme 2025, acme 2026.",
      hint: "Name one: --vendor acme@2025",
    }),
  );
  expect(choose([list, old, acme], "acme@2026")).toBe(
    "acme 2026 in b/acme.yml: --vendor acme@2026",
  );
  expect(() => choose([old, acme], "acme@2027")).toThrow(
    expect.objectContaining({
      code: "NOT_FOUND",
      message: "No blueprint in b is acme@2027.",
      hint: "There is --vendor acme@2025, --vendor acme@2026.",
    }),
  );
});

test("a vendor's own name may hold an @, and a version as well", () => {
  const odd = file("odd", "vendor: a@b", "version: c@d", exported);
  expect(choose([odd], "a@b")).toBe("a@b c@d in b/odd.yml: --vendor a@b");
  expect(choose([odd], "a@b@c@d")).toBe("a@b c@d in b/odd.yml: --vendor a@b");
});

test("a mistyped vendor is answered with the near one, another with all", () => {
  expect(() => choose([list, acme], "acmee")).toThrow(
    expect.objectContaining({ code: "NOT_FOUND", hint: "Did you mean --vendor acme?" }),
  );
  expect(() => choose([list, acme], "zzz")).toThrow(
    expect.objectContaining({ hint: "There are those of list, acme." }),
  );
});

test("one that leads the other way is told as that", () => {
  expect(() => choose([list, acme], "list", "export")).toThrow(
    expect.objectContaining({
      code: "USAGE",
      message: "There is no blueprint with an export of list: b/list.yml leads the other way.",
    }),
  );
});

test("two files of one version are refused, whatever is typed", () => {
  const twin = { ...acme, file: "b/twin.yml" };
  expect(() => choose([acme, twin], "acme@2026")).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("b/acme.yml, b/twin.yml") }),
  );
});

test("a file that is not right stands in the way of its own vendor only, and is told with its lines", () => {
  expect(choose([broken, list, acme], "acme")).toBe("acme 2026 in b/acme.yml: --vendor acme");
  const wrong = expect.objectContaining({
    code: "INVALID_BLUEPRINT",
    message: expect.stringMatching(/b\/broken\.yml:3:\d+ .*csv/u),
  });
  expect(() => choose([broken, list], "Bad Co")).toThrow(wrong);
  expect(() => choose([broken, list])).toThrow(wrong);
  const nameless = file("nameless", "version: 1", intake);
  expect(() => choose([nameless, list], "list")).toThrow(
    expect.objectContaining({ code: "INVALID_BLUEPRINT" }),
  );
});

test("names of others cannot move the cursor", () => {
  const evil = file("evil", 'vendor: "a\\e[2Kb"', "version: 1", exported);
  const word = (): string => choose([evil, acme]);
  expect(word).toThrow(String.raw`a\u001b[2Kb 1`);
  expect(word).not.toThrow("\u001b");
});
