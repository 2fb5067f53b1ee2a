import { describe, expect, it } from "vitest";
import { guardedTest, powerOf } from "./guarded-test.ts";

/** The test of a pattern, which counts how often it was begun. */
function counting(pattern: string): { test: (text: string) => string | undefined; begun: number } {
  const expression = new RegExp(pattern, "u");
  const counted = {
    begun: 0,
    test: (text: string): string | undefined => {
      counted.begun += 1;
      return expression.test(text) ? undefined : "does not match";
    },
  };
  return counted;
}

describe("the test of a pattern", () => {
  it("says what is wrong with a value", () => {
    const guarded = guardedTest("^a+$", counting("^a+$").test);
    expect([guarded("aa"), guarded("b")]).toStrictEqual([
      { problem: undefined },
      { problem: "does not match" },
    ]);
  });

  it("ends for a value for which the pattern would not", () => {
    const guarded = guardedTest("^(a+)+$", counting("^(a+)+$").test);
    expect(guarded(`${"a".repeat(60)}!`)).toBe("too long");
    expect(guarded("aaa")).toStrictEqual({ problem: undefined });
    expect(guarded("b")).toStrictEqual({ problem: "does not match" });
  });

  it("ends for a long value of a pattern that is slow with long values only", () => {
    const guarded = guardedTest("a*a*a*b$", counting("a*a*a*b$").test);
    expect(guarded("aab")).toStrictEqual({ problem: undefined });
    expect(guarded("a".repeat(50_000))).toBe("too long");
  });

  it("tries no more values when those of the column have taken too long together", () => {
    const counted = counting("^(a+)+$");
    const guarded = guardedTest("^(a+)+$", counted.test, { valueMs: 100, columnMs: 300 });
    const tries = 3;
    const found = Array.from({ length: tries + 20 }, (_, index) =>
      guarded(`${"a".repeat(60)}${index}`),
    );
    expect(found).toStrictEqual(found.map(() => "too long"));
    expect(counted.begun).toBe(tries);
  });

  it("throws what is wrong with the test itself", () => {
    const guarded = guardedTest("(a|b)*", () => {
      throw new TypeError("broken");
    });
    expect(() => guarded("a")).toThrow(new TypeError("broken"));
  });
});

describe("the time of a pattern", () => {
  it.each([
    ["^[A-Z]{3}-\\d+$", 1],
    ["^\\S+@\\S+$", 2],
    ["^(?:foo|bar)$", 1],
    ["^a{2}(b{3})?$", 0],
    ["[(*+]{2}", 1],
    ["a*b*", 3],
    ["\\(a\\)\\+", 1],
    ["^\\p{L}+$", 1],
    ["^(?<year>\\d{4})-\\d\\d$", 0],
  ])("of %s grows with the power of the length", (pattern, power) => {
    expect(powerOf(pattern)).toBe(power);
  });

  it.each([
    "(a+)+",
    "(a|b)*",
    "(a?)*",
    "(?:a*b?){2,}",
    "(a)\\1",
    "(?<x>a)\\k<x>",
    "((a{2,})b)*",
    "(a+){10}",
  ])("of %s may be anything", (pattern) => {
    expect(powerOf(pattern)).toBeUndefined();
  });
});
