import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../../testing/random-rules-registry.ts";
import { Random } from "./random.ts";
import { RegexTexts } from "./regex-text.ts";

const leaf = fc.constantFrom("a", "Z", "\\d", "\\w", "\\s", "\\S", ".", "[a-f\\]\\-]", "[^\\d\\s]", "\\p{Lu}", "\\u{1F600}", "\\x41", "\\.", "/", "é"); // prettier-ignore
const few = fc.constantFrom("", "", "?", "{2}", "{1,3}", "|");
const many = fc.constantFrom("", "", "?", "*", "+", "{2}", "{1,3}", "{2,}?", "*?", "|");

/** What is in a group is repeated a few times only: of `(a*)*` no engine that backtracks knows how to say no. */
const { group: groups } = fc.letrec<{ readonly group: string; readonly part: string }>((tie) => ({
  part: fc.oneof({ maxDepth: 2 }, { weight: 6, arbitrary: leaf }, { weight: 1, arbitrary: tie("group") }),
  group: fc
    .tuple(fc.boolean(), fc.array(fc.tuple(tie("part"), few), { minLength: 1, maxLength: 3 }))
    .map(([counts, list]) => `${counts ? "(" : "(?:"}${list.map(([part, more]) => part + more).join("")})`),
})); // prettier-ignore

/** Regular expressions without anything that only looks: every text that is made of them has to match. */
const patterns = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.tuple(leaf, many) }, { weight: 1, arbitrary: fc.tuple(groups, few) }), { minLength: 1, maxLength: 4 })
  .map((list) => list.map(([part, more]) => part + more).join("")); // prettier-ignore

describe("texts of regular expressions", () => {
  test("match them, drawn or by number", () => {
    fc.assert(
      fc.property(patterns, fc.nat(), (pattern, seed) => {
        const expression = new RegExp(`^(?:${pattern})$`, "su");
        const texts = new RegexTexts(`^(?:${pattern})$`);
        const random = new Random();
        random.seed(seed);
        for (let index = 0; index < 20; index += 1) {
          expect(texts.draw({ random, unicode: index % 2 === 1 })).toMatch(expression);
          expect(texts.nth(random.bigint(0n, texts.size - 1n))).toMatch(expression);
        }
      }),
      runs,
    );
  });

  test("are as many as their choices, each another one where the expression is not ambiguous", () => {
    const texts = new RegexTexts("^[A-C]\\d(?:x|yz)?$");
    const all = Array.from({ length: Number(texts.size) }, (_, index) => texts.nth(BigInt(index)));
    expect(texts.size).toBe(90n);
    expect(new Set(all).size).toBe(90);
  });

  test("repeat what a group has matched", () => {
    const random = new Random();
    random.seed(1);
    const texts = new RegexTexts("^(?<first>[ab]{3})(c)-\\k<first>\\2$");
    for (let index = 0; index < 20; index += 1)
      expect(texts.draw({ random })).toMatch(/^([ab]{3})c-\1c$/);
  });
});
