import { expect, test } from "vitest";
import { nameInLine } from "./document-line.ts";
import { normalLine } from "./normal-line.ts";

const source = "projects/p/databases/(default)";
const normal = (line: string, ...databases: readonly string[]): string =>
  normalLine(Buffer.from(line), databases).toString("utf8");

const to = (database: string): string => `{"referenceValue":"${database}/documents/a/1"}`;

test("times, and the database in the name and in references, are taken out, and nothing else", () => {
  // Texts and keys that look like what is looked for.
  const texts = [
    `{"referenceValue":"${source}/documents/a/1"}`,
    ',"createTime":"2026"',
    `{"name":"${source}/documents/`,
  ];
  const fields = (own: string): string =>
    `{"createTime":{"stringValue":"2026"},"referenceValue":{"arrayValue":{"values":[${own},${to("projects/p2/databases/(default)")},${own}]}},` +
    `"t":{"arrayValue":{"values":[${texts.map((text) => JSON.stringify({ stringValue: text })).join(",")}]}}}`;
  const line = `{"name":"${source}/documents/a/1","fields":${fields(to(source))},"createTime":"2026-01-01T00:00:00Z","updateTime":"2026-01-01T00:00:00Z"}\n`;
  expect(normal(line, source)).toBe(
    `{"name":"a/1","fields":${fields('{"referenceValue":"a/1"}')}}`,
  );
});

test("references of several databases are taken out when that is asked for", () => {
  const line = `{"name":"${source}/documents/a/1","fields":{"a":{"referenceValue":"${source}/documents/b/1"},"b":{"referenceValue":"projects/q/databases/x/documents/b/1"}}}`;
  expect(normal(line, source, "projects/q/databases/x")).toBe(
    '{"name":"a/1","fields":{"a":{"referenceValue":"b/1"},"b":{"referenceValue":"b/1"}}}',
  );
});

test("the name in a line is read whatever it holds, and what is no document has none", () => {
  const name = String.raw`projects/p/databases/(default)/documents/a"\/1\\`;
  expect(nameInLine(Buffer.from(JSON.stringify({ name, fields: {} })))).toBe(name);
  expect(nameInLine(Buffer.from('{"fields":{}}'))).toBeUndefined();
  expect(nameInLine(Buffer.from(""))).toBeUndefined();
});
