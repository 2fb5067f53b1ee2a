import * as fc from "fast-check";

const number = (least: number, most: number) => fc.integer({ min: least, max: most }).map(String);

function field(least: number, most: number): fc.Arbitrary<string> {
  const range = fc
    .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
    .map(([one, two]) => `${Math.min(one, two)}-${Math.max(one, two)}`);
  const step = number(1, most);
  const item = fc.oneof(
    number(least, most),
    range,
    fc.tuple(range, step).map((parts) => parts.join("/")),
    step.map((by) => `*/${by}`),
  );
  return fc.oneof(
    fc.constant("*"),
    number(least, most),
    fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(",")),
  );
}

/** Patterns of every form that is allowed; a few of them never come. */
export const somePattern: fc.Arbitrary<string> = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
  .map((fields) => fields.join(" "));

/** Patterns as people write them for backups: at a time of day, perhaps on some days. */
export const someDailyPattern: fc.Arbitrary<string> = fc
  .tuple(
    number(0, 59),
    fc.oneof(number(0, 23), fc.tuple(number(0, 5), number(6, 23)).map(String)),
    fc.constantFrom("*", "*", "1,15"),
    fc.constantFrom("*", "*", "1-5", "0"),
  )
  .map(([minute, hour, day, weekday]) => `${minute} ${hour} ${day} * ${weekday}`);
