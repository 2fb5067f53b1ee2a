import * as fc from "fast-check";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }).filter((value) => !/\p{Surrogate}/u.test(value)),
  fc.constantFrom("", "\0", "a\0b", " ", "NULL", "\\N", "😀".repeat(6), "x".repeat(40), "a\tb\nc\\d", "true", "t"),
  fc.constantFrom("2026-02-29", "2024-02-29", "0000-01-01", "-infinity", "infinity", "5874898-01-01", "0044-03-15 BC", "24:00:00", "23:59:60", "04:05:06.7891234", "12:00", "2026-01-31T04:05:06.123456Z", "2026-01-31 04:05:06+02", "294277-01-01T00:00:00Z"),
  fc.constantFrom("0", "-0", "1e5", "1e400", "12.345", "NaN", "Infinity", "-inf", "1".repeat(40), `1e${"9".repeat(6)}`, " 7 ", "١٢", "0x10", "1_000", "9223372036854775808"),
  fc.constantFrom("1.2.3.4/24", "::ffff:1.2.3.4", "1.2.3", "2001:db8::1/129", "fe80::1%eth0", "1 day", "P1Y2M", "1 fortnight", "178000000 years", "@ 1 minute ago", "00000000-0000-4000-8000-000000000001", "{00000000-0000-4000-8000-000000000001}", "new", "NEW", "it's"),
  fc.constantFrom("{{1,2},{3,4}}", "{{1,2},{3}}", "{}", "{1}", "{{NULL,a},{\"b c\",\"\\\\\"}}", "[2:3]={1,2}"),
); // prettier-ignore

/** Firestore takes no empty names of fields, and none of two underscores at both ends. */
const key = text.filter((name) => name !== "" && !/^__.*__$/su.test(name));

const time = fc
  .tuple(
    fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
    fc.constantFrom("", ".5", ".123", ".123456"),
  )
  .map(
    ([seconds, fraction]) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`,
  );

const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -40_000, max: 40_000 }),
  fc.constantFrom(0, -0, 0.1, 2.5, 5e-324, 1e300, 2 ** 53, "NaN", "Infinity", "-Infinity"),
);

const flat: fc.Arbitrary<object> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ nullValue: null }) },
  { weight: 1, arbitrary: fc.boolean().map((booleanValue) => ({ booleanValue })) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.integer(),
        fc.integer({ min: -40_000, max: 40_000 }),
      )
      .map((value) => ({ integerValue: String(value) })),
  },
  { weight: 2, arbitrary: double.map((doubleValue) => ({ doubleValue })) },
  { weight: 2, arbitrary: time.map((timestampValue) => ({ timestampValue })) },
  { weight: 5, arbitrary: text.map((stringValue) => ({ stringValue })) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 9 })
      .map((bytes) => ({ bytesValue: Buffer.from(bytes).toString("base64") })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("@/others/7", "@/a/b/c/d", "projects/x/databases/y/documents/others/7")
      .map((referenceValue) => ({ referenceValue })),
  },
  { weight: 1, arbitrary: fc.constant({ geoPointValue: { latitude: 1.5, longitude: -0 } }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 3 }).map((list) => ({
      mapValue: {
        fields: {
          __type__: { stringValue: "__vector__" },
          value: { arrayValue: { values: list.map((value) => ({ doubleValue: Number.isFinite(value) ? value : String(value) })) } },
        },
      },
    })),
  },
); // prettier-ignore

const special = fc.constantFrom<object>(
  ...['"\\u0000"', "null", "[[1]]", "1e999999", "-0", "12345678901234567890.5", '{"":1}', "[".repeat(3000) + "]".repeat(3000), "{"].map(
    (json) => ({ mapValue: { fields: { $json: { stringValue: json } } } }),
  ),
  { mapValue: { fields: { seconds: { integerValue: "1" }, nanoseconds: { integerValue: "0" } } } },
  { mapValue: { fields: { path: { stringValue: "a/b" } } } },
  { mapValue: { fields: { $timestamp: { stringValue: "x" } } } },
  { mapValue: { fields: { email: { stringValue: "a@example.com" } } } },
); // prettier-ignore

/** A field of any type that Firestore has, as its REST has it; many are nearly what some column holds. */
export const arbitraryField: fc.Arbitrary<object> = fc.letrec<{ value: object; inArray: object }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      flat,
      special,
      fc
        .array(tie("inArray"), { maxLength: 4 })
        .map((values) => ({ arrayValue: values.length === 0 ? {} : { values } })),
      mapOf(tie("value")),
    ),
    inArray: fc.oneof({ maxDepth: 3 }, flat, special, mapOf(tie("value"))),
  }),
).value;

function mapOf(value: fc.Arbitrary<object>): fc.Arbitrary<object> {
  return fc
    .dictionary(key, value, { maxKeys: 3 })
    .map((fields) => ({ mapValue: Object.keys(fields).length === 0 ? {} : { fields } }));
}
