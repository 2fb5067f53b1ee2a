import { jsonNull } from "@ctb-data/models";
import type { ColumnDomain } from "./column-domain.ts";
import { maxCapacity, type ColumnMaker } from "./column-maker.ts";

/** Texts that each have broken a program once. */
export const nastyTexts: readonly string[] = [
  "e\u0301 ö ﬀ ẞ ı İ",
  "👩‍👩‍👧 🏳️‍🌈 👍🏽",
  "עברית ثم עוד ‏العربية‎",
  "Z͑ͫ̓a͛ͬl̓g̿ȍ",
  `it's "quoted" \`$x\` %s {} ; -- /* */`,
  String.raw`back\slash \N \. \t C:\new`,
  "line\nbreak\r\nand\ttab\v\f\u0001\u007F\u0085\u2028",
  "\u{10FFFD}𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u200B\uFEFFzero width",
  "NULL null undefined NaN true",
];

/** How deep the nested JSON of an edge is: what PostgreSQL and Firestore's wrapped form both take. */
const depth = 200;

/** A maker of json and jsonb. A jsonb that is unique is one by its number. */
export function jsonMaker(domain: ColumnDomain): ColumnMaker {
  const isIndexed = domain.maxIndexBytes !== undefined;
  return {
    capacity: maxCapacity,
    numberIn: String.raw`"number": ?(\d+)`,
    nth: (index, { faker }) => ({ number: index + 1, label: faker.lorem.word() }),
    sample: ({ faker, random }) => ({
      [faker.lorem.word()]: faker.lorem.words(2),
      enabled: random.chance(0.5),
      count: random.int(1, 100),
      tags: [faker.lorem.word(), faker.lorem.word()],
      nested: { ratio: random.int(1, 99) / 100, note: null },
    }),
    edge: (edge) => {
      if (edge === "longest") return isIndexed ? { long: "x".repeat(500) } : longJson();
      if (edge === "smallest") return {};
      if (edge === "special") return jsonNull;
      return isIndexed
        ? { "ключ 🔑": nastyTexts[0] }
        : { ...Object.fromEntries(nastyTexts.map((text) => [text, [text]])), "": "", $key: 1 };
    },
  };
}

function longJson(): unknown {
  let nested: unknown = { end: "🌲" };
  for (let level = 0; level < depth; level += 1)
    nested = level % 2 === 0 ? [nested] : { in: nested };
  return {
    nested,
    numbers: [9_007_199_254_740_993n, -(2n ** 63n), 1e300, 1e-300, 0.1, -1],
    long: "x".repeat(2000),
    list: Array.from({ length: 200 }, (_, index) => index),
  };
}
