import { describe, expect, test } from "vitest";
import { readCheck } from "./check-terms.ts";

const columns = new Set(["a", "b", "Größe"]);

describe("readCheck", () => {
  test.each([
    ["a > 0", [{ kind: "bound", column: "a", is: ">", than: "0" }]],
    ["0 < a", [{ kind: "bound", column: "a", is: ">", than: "0" }]],
    ["((a)::numeric(10,2) >= -1.5)", [{ kind: "bound", column: "a", is: ">=", than: "-1.5" }]],
    ["a BETWEEN 1 AND 5 AND b IS NOT NULL", [
      { kind: "bound", column: "a", is: ">=", than: "1" },
      { kind: "bound", column: "a", is: "<=", than: "5" },
      { kind: "null", column: "b", isNull: false },
    ]],
    ["a IN ('x', 'it''s')", [{ kind: "one-of", column: "a", values: ["x", "it's"] }]],
    ["((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))", [{ kind: "one-of", column: "a", values: ["x", "y"] }]],
    ["a NOT IN (1, 2)", [{ kind: "none-of", column: "a", values: ["1", "2"] }]],
    [`length("Größe") >= 3`, [{ kind: "length", column: "Größe", is: ">=", than: 3 }]],
    ["a < b", [{ kind: "order", less: "a", more: "b", strict: true }]],
    ["a >= b", [{ kind: "order", less: "b", more: "a", strict: false }]],
    ["a = lower(a)", [{ kind: "case", column: "a", to: "lower" }]],
    ["a ~ '^x+$'", [{ kind: "pattern", column: "a", pattern: "^x+$" }]],
    ["a > DATE '2020-01-01'", [{ kind: "bound", column: "a", is: ">", than: "2020-01-01" }]],
    ["a % 2 = 0 OR a = 7", [{ kind: "one-of", column: "a", values: ["7"] }]],
  ])("understands %s", (expression, terms) => {
    expect(readCheck(expression, columns)).toEqual({ terms, complete: true });
  }); // prettier-ignore

  test.each([
    "a % 2 = 0",
    "a > now()",
    "a LIKE 'x%'",
    "NOT a",
    "a > b + 1",
    "a IS DISTINCT FROM 1",
  ])("does not claim to understand %s", (expression) => {
    expect(readCheck(expression, columns)).toEqual({ terms: [], complete: false });
  });

  test("keeps what it understands of a conjunction, and says that it is not all", () => {
    expect(readCheck("a > 0 AND a % 2 = 0", columns)).toEqual({
      terms: [{ kind: "bound", column: "a", is: ">", than: "0" }],
      complete: false,
    });
  });
});
