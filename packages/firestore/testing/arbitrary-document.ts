import * as fc from "fast-check";

/** A value as Firestore's REST has it in JSON. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(
    "\u0000\u001f\u007f",
    '"\\/\b\f\n\r\t',
    "\u2028\u2029\ufeff",
    "😀\u{10ffff}",
    "__type__",
  ),
);
/** Firestore takes no empty names of fields, and none of two underscores at both ends. */
const key = text.filter((name) => name !== "" && !/^__.*__$/su.test(name));
const id = fc.oneof(
  fc.stringMatching(/^[a-zA-Z(][a-z0-9 .~ü€😀\u2028%"\\]{0,6}$/u),
  // There is no document of the number 0.
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((number) => `__id${number === 0n ? 1n : number}__`),
);
const collectionId = fc.stringMatching(/^[a-zA-Z(][a-z0-9 .~ü€😀\u2028%"\\]{0,6}$/u);

/** A path of a document, up to three levels deep. */
export const arbitraryPath: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(collectionId, id).map((ids) => ids.join("/")),
    { minLength: 1, maxLength: 3 },
  )
  .map((pairs) => pairs.join("/"));

const doubles = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, 5e-324, 1.7976931348623157e308, 0.1),
  fc.constantFrom("NaN", "Infinity", "-Infinity"),
);

/** Firestore keeps microseconds, and drops what is below. */
const timestamp = fc
  .tuple(
    fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
    fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 999 }),
      fc.integer({ min: 0, max: 999_999 }),
    ),
  )
  .map(([seconds, micros]) => {
    const digits = String(micros).padStart(6, "0");
    const fraction = micros === 0 ? "" : `.${digits.endsWith("000") ? digits.slice(0, 3) : digits}`;
    return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`;
  });

const degrees = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.double({ min: -max, max, noNaN: true }), fc.constantFrom(0, max, -max));

const vector = fc
  .array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 4 })
  .map((values) => ({
    mapValue: {
      fields: {
        __type__: { stringValue: "__vector__" },
        value: { arrayValue: { values: values.map((doubleValue) => ({ doubleValue })) } },
      },
    },
  }));

/** A value of any type, some of them nested; references are to one of the databases. */
export function arbitraryValue(databases: readonly string[]): fc.Arbitrary<JsonValue> {
  const reference = fc
    .tuple(fc.constantFrom(...databases), arbitraryPath)
    .map(([database, path]) => ({ referenceValue: `${database}/documents/${path}` }));
  const flat = fc.oneof(
    fc.constant({ nullValue: null }),
    fc.boolean().map((booleanValue) => ({ booleanValue })),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((value) => ({ integerValue: String(value) })),
    fc.integer().map((value) => ({ integerValue: String(value) })),
    doubles.map((doubleValue) => ({ doubleValue })),
    timestamp.map((timestampValue) => ({ timestampValue })),
    text.map((stringValue) => ({ stringValue })),
    fc
      .uint8Array({ maxLength: 9 })
      .map((bytes) => ({ bytesValue: Buffer.from(bytes).toString("base64") })),
    reference,
    fc
      .tuple(degrees(90), degrees(180))
      .map(([latitude, longitude]) => ({ geoPointValue: { latitude, longitude } })),
  );
  return fc.letrec<{ value: JsonValue; array: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      flat,
      vector,
      tie("array"),
      map(tie("value")),
    ),
    // Firestore has neither arrays nor vectors directly within arrays.
    array: fc
      .array(fc.oneof(flat, map(tie("value"))), { maxLength: 4 })
      .map((values) => ({ arrayValue: values.length === 0 ? {} : { values } })),
  })).value;
}

function map(value: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return fc
    .dictionary(key, value, { maxKeys: 4 })
    .map((fields) => ({ mapValue: Object.keys(fields).length === 0 ? {} : { fields } }));
}

/** The fields of a document. */
export function arbitraryFields(databases: readonly string[]): fc.Arbitrary<JsonValue> {
  return fc.dictionary(key, arbitraryValue(databases), { maxKeys: 5 });
}
