import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonAt } from "./json-scalar.ts";
import { jsonTextAt } from "./json-text-at.ts";

const numRuns = process.env["SLOW"] === "1" ? 2000 : 200;
const names = fc.constantFrom("a", "", 'q"', "\\", "}", "]", ",", ":", " ", "é\n", "__proto__");
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      names,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(names, tie("json"), { maxKeys: 3 }),
  ),
}));
const steps = fc.array(fc.oneof(names, fc.nat(3)), { maxLength: 4 });

test("what is cut out of a text of JSON is what is at the path of its data, however it is spaced", () => {
  fc.assert(
    fc.property(json, steps, fc.constantFrom("", " ", "\n\t"), (data, path, space) => {
      const text = `${space}${JSON.stringify(data, null, space)}${space}`;
      const found = jsonTextAt(text, path);
      expect(found?.trim()).toBe(found);
      expect(found === undefined ? undefined : JSON.parse(found)).toEqual(
        jsonAt(JSON.parse(text), path),
      );
    }),
    { numRuns },
  );
});

test("a text keeps its backslashes, and of two members of one name the last counts", () => {
  const text = String.raw`{"a\\":"\\\\\"","b":[1.50 , "\\"],"b":[2.50,"x\\\""]}`;
  expect(jsonTextAt(text, ["a\\"])).toBe(String.raw`"\\\\\""`);
  expect(jsonTextAt(text, ["b", 0])).toBe("2.50");
  expect(jsonTextAt(text, ["b", 1])).toBe(String.raw`"x\\\""`);
  expect(jsonTextAt(text, ["b", 2])).toBeUndefined();
});
