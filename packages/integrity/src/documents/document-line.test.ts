import { expect, test } from "vitest";
import { changedLine, sameDocument } from "./document-line.ts";

const name = "projects/p/databases/d/documents/c/1";
const line = (fields: string, times = ""): string =>
  `{"name":"${name}","fields":${fields}${times}}`;

test("only what is named changes: zeros keep their signs, and numbers all digits", () => {
  const old = line(
    '{"a":{"doubleValue":-0},"b":{"integerValue":"9223372036854775807"},"c":{"doubleValue":0.1},"d":{"arrayValue":{"values":[{"stringValue":"x"},{"mapValue":{"fields":{"e":{"doubleValue":-0},"f":{"nullValue":null}}}}]}}}',
    ',"createTime":"2026-01-01T00:00:00Z","updateTime":"2026-01-01T00:00:00Z"',
  );
  const changed = changedLine(old, [
    { place: ["c"], value: undefined },
    { place: ["d", 1, "f"], value: { booleanValue: true } },
    { place: ["d", 0], value: { nullValue: null } },
    { place: ["new"], value: { stringValue: "n" } },
    { place: ["not", "there"], value: { stringValue: "n" } },
  ]);
  expect(changed).not.toContain("Time");
  expect(changed.match(/-0/g)).toHaveLength(2);
  const expected = line(
    '{"a":{"doubleValue":-0},"b":{"integerValue":"9223372036854775807"},"d":{"arrayValue":{"values":[{"nullValue":null},{"mapValue":{"fields":{"e":{"doubleValue":-0},"f":{"booleanValue":true}}}}]}},"new":{"stringValue":"n"}}',
  );
  expect(sameDocument(changed, expected)).toBe(true);
});

test.for([
  ['{"a":{"doubleValue":0}}', '{"a":{"doubleValue":-0}}', false],
  ['{"a":{"integerValue":"1"}}', '{"a":{"doubleValue":1}}', false],
  [
    '{"a":{"timestampValue":"2026-01-01T00:00:10Z"}}',
    '{"a":{"timestampValue":"2026-01-01T00:00:10.000Z"}}',
    true,
  ],
  [
    '{"a":{"timestampValue":"2026-01-01T00:00:10Z"}}',
    '{"a":{"timestampValue":"2026-01-01T00:00:01Z"}}',
    false,
  ],
  [
    '{"a":{"timestampValue":"2026-01-01T00:00:00.1Z"}}',
    '{"a":{"timestampValue":"2026-01-01T00:00:00.100000Z"}}',
    true,
  ],
  [
    '{"a":{"nullValue":null},"b":{"stringValue":"x"}}',
    '{"b":{"stringValue":"x"},"a":{"nullValue":null}}',
    true,
  ],
  ['{"a":{"nullValue":null}}', "{}", false],
  ['{"a":{"arrayValue":{"values":[]}}}', '{"a":{"mapValue":{}}}', false],
] as const)("%s and %s: the same is %s", ([a, b, expected]) => {
  expect(sameDocument(line(a), line(b, ',"updateTime":"2026-01-01T00:00:00Z"'))).toBe(expected);
});
