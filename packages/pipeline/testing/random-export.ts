import { parseRegistry, type ColumnType } from "@ctb-data/registry";
import * as fc from "fast-check";

/** A table with a column of each kind, and one that it refers to. */
export const wideRegistry = `
enums: { "Tier": [family, "a b", "ü,;"] }
tables:
  other:
    columns: [{ name: id, type: integer, pk: true }, { name: name, type: text }]
  "Wide ä":
    columns:
      - { name: id, type: integer, pk: true }
      - { name: other_id, type: integer, references: other.id }
      - { name: text, type: text }
      - { name: "Odd ""näme""", type: varchar(30) }
      - { name: tier, type: Tier }
      - { name: flag, type: boolean }
      - { name: small, type: smallint }
      - { name: big, type: bigint }
      - { name: dec, type: numeric }
      - { name: f4, type: real }
      - { name: f8, type: double precision }
      - { name: day, type: date }
      - { name: at, type: timestamp }
      - { name: atz, type: timestamptz }
      - { name: clock, type: time }
      - { name: bytes, type: bytea }
      - { name: uid, type: uuid }
      - { name: tags, type: "text[]" }
      - { name: doc, type: jsonb }
`.replace('"Odd ""näme"""', `'Odd "näme"'`);

const registry = parseRegistry(wideRegistry);

export const columnTypesOfWide: ReadonlyMap<string, ColumnType> = new Map(
  [...(registry.tables.get("Wide ä")?.columns ?? [])].map(([name, { type }]) => [name, type]),
);

export type RandomOutput =
  | {
      readonly format: "csv";
      readonly delimiter: string;
      readonly header: boolean;
      readonly quote: "needed" | "always";
      readonly line_end: "lf" | "crlf";
    }
  | { readonly format: "ndjson" }
  | { readonly format: "fixed-width"; readonly line_end: "lf" | "crlf" };

/** A field of a blueprint as its file has it. */
export interface RandomField {
  readonly name: string;
  readonly from?: string;
  readonly path?: string;
  readonly constant?: string | number | boolean | null;
  readonly type?: string;
  readonly required?: boolean;
  readonly default?: string | number;
  readonly trim?: boolean;
  readonly values?: Readonly<Record<string, string | null>>;
  readonly otherwise?: "keep" | "reject" | { readonly value: string };
  readonly format?: string | Readonly<Record<string, string | number>>;
  readonly width?: number;
  readonly align?: "left" | "right";
  readonly fill?: string;
}

export interface RandomExport {
  readonly output: RandomOutput;
  readonly fields: readonly RandomField[];
  readonly orderBy: string | undefined;
  readonly blueprint: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly others: readonly Readonly<Record<string, unknown>>[];
}

const hostile = fc.constantFrom(
  "", " ", "\\N", "\\", "\\.", '"', '""', "'", ",", ";", "\t", "a\tb", "a\nb", "a\r\nb", "\r", "\u{feff}x", "é;", "ü", "ß", "İ", "🎉🎉", "NULL",
  "null", "¦", "€", "｟", "x".repeat(300), " a ", "=1+1", "\b\f\v", "\u{7f}\u{85}\u{2028}", "007", "-0", "a b", "e\u{301}",
); // prettier-ignore
const anyText = fc
  .string({ unit: "binary", maxLength: 12 })
  .map((value) => value.replaceAll("\0", "").replaceAll(/\p{Surrogate}/gu, ""));
const anyOf = fc.oneof(
  hostile,
  anyText,
  fc.string({ unit: fc.constantFrom("a", "B", ",", ";", '"', "\n", "ä"), maxLength: 8 }),
);
const digits = fc.stringMatching(/^\d{1,20}$/);
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(value, { freq: 5 });

const days = fc.constantFrom("2026-01-31", "1999-12-01", "0044-03-15 BC", "infinity", "-infinity", "0001-01-01", "12026-02-03", "2024-02-29"); // prettier-ignore
const clocks = fc.constantFrom(
  "00:00:00",
  "23:59:59.999999",
  "04:05:06.7",
  "12:00:00.000001",
  "24:00:00",
);
const ats = fc.constantFrom("2026-01-31T04:05:06.789", "1999-12-01T00:00:00", "0044-03-15T01:02:03 BC", "infinity", "12026-02-03T04:05:06.5", "2024-02-29T23:59:59.000001"); // prettier-ignore

const doc = fc.oneof(
  fc.constantFrom<unknown>(5, "plain", null, true, [], {}),
  fc.record({
    a: fc.record({
      b: fc.oneof(
        anyOf,
        fc.constantFrom<unknown>(1.5, -3, 12345678, null, true, false, { c: 1 }, [1, "two"]),
      ),
    }),
    list: fc.array(fc.oneof(anyOf, fc.integer()), { maxLength: 3 }),
    "odd key": maybe(anyOf),
  }),
);

const row = fc.record({
  other_id: maybe(fc.integer({ min: 1, max: 3 })),
  text: maybe(anyOf),
  'Odd "näme"': maybe(anyOf.map((value) => Array.from(value).slice(0, 30).join(""))),
  tier: maybe(fc.constantFrom("family", "a b", "ü,;")),
  flag: maybe(fc.boolean()),
  small: maybe(fc.oneof(fc.constantFrom(5, -1, 0), fc.integer({ min: -32_768, max: 32_767 }))),
  big: maybe(fc.oneof(fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n), fc.bigInt({ min: -5000n, max: 5000n }))),
  dec: maybe(fc.oneof(fc.constantFrom("NaN", "Infinity", "-0.00", "0.001", "12.50"), fc.tuple(fc.constantFrom("", "-"), digits, digits).map(([sign, whole, part]) => `${sign}${whole}.${part}`))),
  f4: maybe(fc.float()),
  f8: maybe(fc.oneof(fc.double(), fc.constantFrom(1e21, -0, 0.1, 1e-7, 12_345.5))),
  day: maybe(days),
  at: maybe(ats),
  atz: maybe(ats.map((value) => (value === "infinity" ? value : value.endsWith(" BC") ? value.replace(" BC", "Z BC") : `${value}Z`))),
  clock: maybe(clocks),
  bytes: maybe(fc.uint8Array({ maxLength: 6 })),
  uid: maybe(fc.uuid()),
  tags: maybe(fc.array(maybe(anyOf), { maxLength: 3 })),
  doc: maybe(doc),
}); // prettier-ignore

const common = fc.record(
  { required: fc.boolean(), default: fc.constantFrom("x", "", "dé;f") },
  { requiredKeys: [] },
);
const mapped = fc.record({
  map: fc.constantFrom<Pick<RandomField, "from" | "values">>(
    { from: "tier", values: { family: "FAM", "a b": "" } },
    { from: "tier", values: { "ü,;": null } },
    { from: "flag", values: { true: "Y" } },
    { from: "flag", values: { true: "", false: "N;" } },
    { from: "text", values: { "": "E", " ": "blank", "a b": null, "é;": "\t" } },
    { from: "small", values: { "5": "five", "-1": "" } },
  ),
  otherwise: fc.constantFrom<"keep" | "reject" | { readonly value: string }>("keep", "reject", { value: "?" }),
}); // prettier-ignore
const ofTexts = fc.constantFrom<Partial<RandomField>>(
  {}, { trim: true }, { format: "upper" }, { format: "lower" }, { type: "varchar(4)" }, { format: { pad: 6, fill: "0" } },
  { format: { pad: 5, fill: "é", side: "right" }, type: "varchar(12)" }, { format: { pad: 4 }, trim: true }, { format: "upper", type: "varchar(2)" },
); // prettier-ignore
const ofNumbers = fc.constantFrom<Partial<RandomField>>(
  {}, { format: { decimals: 2 } }, { format: { decimals: 2, decimal_mark: "," } }, { format: { digits: 5, decimals: 3, decimal_mark: "" } },
  { format: { decimals: 0, group_mark: "." , decimal_mark: "," } }, { format: { digits: 8 } }, { type: "varchar(6)" }, { format: { pad: 9, fill: "0" } },
  { format: { digits: 4 }, type: "varchar(5)" }, { format: { group_mark: " " } },
); // prettier-ignore
const ofTimes = fc.constantFrom<Partial<RandomField>>({}, { format: "YYYYMMDD" }, { format: "DD.MM.YYYY" }, { format: "YYYY-MM-DDTHH:mm:ss.SSS" }, { format: "HHmmss" }, { type: "varchar(12)" }); // prettier-ignore
const paths = fc.constantFrom("a.b", "list[0]", "list[1]", '["odd key"]', "a", "a.b.c", "[0]");

const bare = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("text", 'Odd "näme"', "other.name"), ofTexts).map(([from, rule]) => ({ from, ...rule })) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("small", "big", "dec", "f4", "f8", "id"), ofNumbers).map(([from, rule]) => ({ from, ...rule })) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("at", "atz"), ofTimes).map(([from, rule]) => ({ from, ...rule })) },
  { weight: 1, arbitrary: fc.constantFrom<Partial<RandomField>>({}, { format: "YYYYMMDD" }, { format: "DD/MM/YYYY" }, { type: "varchar(10)" }).map((rule) => ({ from: "day", ...rule })) },
  { weight: 1, arbitrary: fc.constantFrom<Partial<RandomField>>({}, { format: "HHmmss" }, { format: "HH:mm:ss.SSS" }, { format: "ss" }).map((rule) => ({ from: "clock", ...rule })) },
  { weight: 2, arbitrary: mapped.map(({ map, otherwise }) => ({ ...map, otherwise })) },
  { weight: 3, arbitrary: fc.tuple(paths, fc.constantFrom<Partial<RandomField>>({}, { type: "varchar(7)" }, { format: "upper" }, { format: { pad: 8 } }, { trim: true })).map(([path, rule]) => ({ from: "doc", path, ...rule })) },
  fc.constantFrom("bytes", "uid", "tags", "doc", "flag", "tier").map((from) => ({ from })),
  fc.constantFrom<Partial<RandomField>>({ constant: "CTB" }, { constant: 'q";' }, { constant: 12.5 }, { constant: true }, { constant: null }),
); // prettier-ignore
const layouts = fc.record({
  width: fc.constantFrom(1, 8, 30, 400),
  align: fc.constantFrom<"left" | "right">("left", "right"),
  fill: fc.constantFrom(" ", "0", "é"),
});

const outputs: fc.Arbitrary<RandomOutput> = fc.oneof(
  fc.record({
    format: fc.constant("csv" as const),
    delimiter: fc.constantFrom(",", ";", "\t", "|", "¦", "€", "a", "｠"),
    header: fc.boolean(),
    quote: fc.constantFrom<"needed" | "always">("needed", "needed", "always"),
    line_end: fc.constantFrom<"lf" | "crlf">("lf", "crlf"),
  }),
  fc.constant({ format: "ndjson" as const }),
  fc.record({
    format: fc.constant("fixed-width" as const),
    line_end: fc.constantFrom<"lf" | "crlf">("lf", "crlf"),
  }),
);
const names = fc.constantFrom(
  "A",
  "CLIENT NO",
  'quo"te',
  "semi;colon",
  "line\nend",
  "ünï",
  "__proto__",
  "\u{feff}bom",
);

/** Blueprints with any rules, and rows with any values. */
export const randomExport: fc.Arbitrary<RandomExport> = fc
  .record({
    output: outputs,
    fields: fc.array(fc.tuple(names, bare, common, layouts), { minLength: 1, maxLength: 6 }),
    orderBy: fc.option(fc.constantFrom("text", "big", "tier", 'Odd "näme"', "doc", "day", "tags"), {
      nil: undefined,
    }),
    rows: fc.array(row, { maxLength: 25 }),
    others: fc.array(maybe(anyOf), { minLength: 3, maxLength: 3 }),
    ids: fc.uniqueArray(fc.integer({ min: -3, max: 40 }), { minLength: 25, maxLength: 25 }),
  })
  .map(({ output, fields, orderBy, rows, others, ids }) => {
    const rules = fields.map(([name, rule, both, width], index): RandomField => ({
      ...rule,
      ...("constant" in rule ? {} : both),
      ...(output.format === "fixed-width" ? widthFor({ ...rule, ...both }, width) : {}),
      name: `${name}${index === 0 ? "" : index}`,
      ...defaultFor(rule, both),
    }));
    const blueprint = [
      'source: ["Wide ä", other]',
      `output: ${JSON.stringify(output)}`,
      ...(orderBy === undefined ? [] : [`order_by: ${JSON.stringify(orderBy)}`]),
      `fields: ${JSON.stringify(rules)}`,
    ].join("\n");
    return {
      output,
      fields: rules,
      orderBy,
      blueprint,
      rows: rows.map((values, index) => ({ id: ids[index] ?? index, ...values })),
      others: others.map((name, index) => ({ id: index + 1, name })),
    };
  });

/** What a format or a constant needs is known, so that a narrower field is refused. */
function widthFor(
  rule: Partial<RandomField>,
  { width, ...layout }: Pick<RandomField, "align" | "fill"> & { readonly width: number },
): Partial<RandomField> {
  const isFree =
    Object.keys(rule).every((key) => ["from", "path", "trim"].includes(key)) &&
    ["text", 'Odd "näme"', "other.name", "dec", "doc", "tags"].includes(rule.from ?? "");
  return {
    ...layout,
    width: isFree ? width : Math.max(40, width),
    // Zeros on the right of a number are refused.
    ...(layout.fill === "0" && { align: "right" }),
  };
}

/** A default is of the field's type; only those of texts can be any text. */
function defaultFor(
  { from, type }: Partial<RandomField>,
  { default: text }: { readonly default?: string },
): Partial<RandomField> {
  if (text === undefined || from === undefined) return {};
  return type === undefined ? { default: text, type: "text" } : { default: text.slice(0, 2) };
}
