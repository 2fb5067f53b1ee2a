import { randomBytes } from "node:crypto";
import { columnTypes, type ColumnType, type ColumnTypeName } from "@ctb-data/registry";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  modelOf,
  modelTable,
  ModelError,
  parseKeyring,
  type Model,
  type ModelColumn,
} from "./index.ts";

function type(
  name: ColumnTypeName,
  more: { length?: number; precision?: number; scale?: number; dimensions?: number } = {},
): ColumnType {
  return { name, kind: columnTypes[name].kind, dimensions: 0, ...more };
}

function modelWith(columns: readonly ModelColumn[], keys?: string): Model {
  return modelOf(
    modelTable({ name: "things", columns }),
    keys === undefined ? {} : { keyring: parseKeyring(keys) },
  );
}

/** A model of one column that may be null. */
function columnModel(of: ColumnType, rules: Partial<ModelColumn> = {}): Model {
  return modelWith([{ name: "value", type: of, nullable: true, ...rules }]);
}

function errorOf(run: () => unknown): ModelError {
  try {
    run();
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("input", () => {
  const model = modelWith([
    { name: "id", type: type("serial"), nullable: false },
    { name: "name", type: type("varchar", { length: 5 }), nullable: false },
    { name: "email", type: type("text"), nullable: true },
    { name: "created_at", type: type("timestamptz"), nullable: false, default: "now()" },
  ]);

  it("must have what is not null and has no default, and may lack all else", () => {
    expect(model.parse({ name: "a" })).toEqual({ name: "a" });
    expect(errorOf(() => model.parse({})).issues).toEqual([
      { path: ["name"], code: "missing", message: "is missing" },
    ]);
  });

  it("may be null only where the column may", () => {
    expect(model.parse({ name: "a", email: null })).toEqual({ name: "a", email: null });
    expect(errorOf(() => model.parse({ name: "a", created_at: null })).message).toContain(
      "created_at: must not be null",
    );
  });

  it("takes a property that is undefined for one that is missing", () => {
    expect(Object.keys(model.parse({ name: "a", email: undefined }))).toEqual(["name"]);
  });

  it("says all that is wrong at once, each with its column, and the nearest name of an unknown one", () => {
    const error = errorOf(() =>
      model.parse({ id: 1.5, name: "abcdef", emial: "x", createdAt: "y" }),
    );
    expect(error.code).toBe("INVALID_INPUT");
    expect(error.table).toBe("things");
    expect(error.column).toBe("id");
    expect(error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`)).toEqual([
      "id must be a whole number",
      "name is 6 characters long, and must be at most 5",
      "emial is no column of it, did you mean email?",
      "createdAt is no column of it, did you mean created_at?",
    ]);
  });

  it.each([
    ["null", null],
    ["a text", "x"],
    ["an array", []],
    ["nothing", undefined],
  ])("is an object, not %s", (name, input) => {
    expect(errorOf(() => model.parse(input)).message).toContain(`must be an object, not ${name}`);
  });

  it("never repeats a value in an error: it may be a secret", () => {
    const secret = "hunter2";
    const error = errorOf(() =>
      model.parse({ id: secret, name: secret, created_at: secret, email: 1 }),
    );
    expect(JSON.stringify([error.message, error.issues, error.hint])).not.toContain(secret);
  });

  it("is checked by the zod schema in the same way", () => {
    const result = model.input.safeParse({ name: "abcdef", nme: 1 });
    expect(result.error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [["name"], "is 6 characters long, and must be at most 5"],
      [["nme"], "is no column of it, did you mean name?"],
    ]);
    expect(model.input.parse({ name: "a" })).toEqual({ name: "a" });
  });

  it("of one column can be used in a schema of one's own", () => {
    const schema = z.object({
      mail: z.optional(model.shape["email"] ?? z.never()),
      name: model.shape["name"] ?? z.never(),
    });
    expect(schema.parse({ name: "a" })).toEqual({ name: "a" });
    expect(schema.safeParse({ name: 5 }).error?.issues[0]?.message).toBe(
      "must be a text, not a number",
    );
    expect(schema.safeParse({}).success).toBe(false);
  });
});

describe("a row of another driver", () => {
  it.each<[string, ColumnType, unknown, unknown]>([
    ["a bigint in a text", type("bigint"), "9007199254740993", 9007199254740993n],
    ["a timestamptz as a Date", type("timestamptz"), new Date(0), "1970-01-01T00:00:00Z"],
    [
      "a timestamp as a Date of local time",
      type("timestamp"),
      new Date(2026, 0, 31, 4, 5, 6, 789),
      "2026-01-31T04:05:06.789",
    ],
    ["a date as a Date of local midnight", type("date"), new Date(2026, 0, 31), "2026-01-31"],
    [
      "PostgreSQL's text of a timestamptz",
      type("timestamptz"),
      "2026-01-31 04:05:06.789012+05:30",
      "2026-01-30T22:35:06.789012Z",
    ],
    [
      "PostgreSQL's text of a timestamp",
      type("timestamp"),
      "2026-01-31 04:05:06",
      "2026-01-31T04:05:06",
    ],
    [
      "a timestamptz with zeros behind",
      type("timestamptz"),
      "2026-01-31T04:05:06.500Z",
      "2026-01-31T04:05:06.5Z",
    ],
    ["a timestamp with a Z", type("timestamp"), "2026-01-31T04:05:06.000Z", "2026-01-31T04:05:06"],
    [
      "an interval in parts",
      type("interval"),
      { years: 1, days: -2, milliseconds: 1.5 },
      "1 year -2 days +00:00:00.0015",
    ],
    ["bytes as a Buffer", type("bytea"), Buffer.from([1, 2]), Uint8Array.of(1, 2)],
    ["bytes as a text", type("bytea"), String.raw`\x0102`, Uint8Array.of(1, 2)],
    ["a decimal as a number", type("numeric"), 1.5, "1.5"],
    ["a boolean as a text", type("boolean"), "t", true],
    [
      "an array as a text",
      type("text", { dimensions: 1 }),
      '{a,"b c",NULL,"NULL"}',
      ["a", "b c", null, "NULL"],
    ],
    [
      "an array of Dates",
      type("timestamptz", { dimensions: 1 }),
      [new Date(0), null],
      ["1970-01-01T00:00:00Z", null],
    ],
    ["a text longer than the registry says", type("varchar", { length: 1 }), "abc", "abc"],
  ])("may have %s", (_name, of, value, expected) => {
    expect(columnModel(of).fromRow({ value })).toStrictEqual({ value: expected });
  });

  it("may have columns that the table has not, and must have those that cannot be null", () => {
    const model = modelWith([{ name: "id", type: type("integer"), nullable: false }]);
    expect(model.fromRow({ id: 1, count: 5n })).toEqual({ id: 1 });
    expect(errorOf(() => model.fromRow({ count: 5n })).code).toBe("INVALID_ROW");
  });

  it("is read and written by the zod codec", () => {
    const model = columnModel(type("bigint"));
    expect(z.decode(model.row, { value: "5" })).toEqual({ value: 5n });
    expect(z.encode(model.row, { value: 5n })).toEqual({ value: 5n });
    expect(model.row.safeParse({ value: "x" }).error?.issues[0]?.path).toEqual(["value"]);
  });
});

describe("an encrypted column", () => {
  const blindIndex = { column: "ssn_index", normalize: "trim", bits: 64 } as const;
  const columns: readonly ModelColumn[] = [
    {
      name: "ssn",
      type: type("text"),
      nullable: true,
      pattern: "^\\d+$",
      encryption: { blindIndex },
    },
    { name: "ssn_index", type: type("text"), nullable: true, blindIndexOf: "ssn" },
    { name: "salary", type: type("numeric"), nullable: true, encryption: {} },
  ];
  const key = randomBytes(32).toString("base64");
  const model = modelWith(columns, key);

  it("is ciphertext in a row, with its blind index, and plain in the value", () => {
    const row = model.toRow({ ssn: "123", salary: "5.00" });
    expect(Object.keys(row)).toEqual(["ssn", "salary", "ssn_index"]);
    expect(row["ssn_index"]).toMatch(/^[\da-f]{16}$/);
    expect(model.fromRow(row)).toEqual({ ssn: "123", salary: "5.00" });
  });

  it("is null when it is null, blind index too, and missing when it is missing", () => {
    expect(model.toRow({ ssn: null })).toEqual({ ssn: null, ssn_index: null });
    expect(model.toRow({})).toEqual({});
  });

  it("is found by its blind index, under older keys too", () => {
    const rotated = modelWith(columns, `${randomBytes(32).toString("base64")},${key}`);
    const { column, values } = rotated.lookup("ssn", " 123 ");
    expect(column).toBe("ssn_index");
    expect(values).toHaveLength(2);
    expect(values).toContain(model.toRow({ ssn: "123" })["ssn_index"]);
    expect(values[0]).toBe(rotated.toRow({ ssn: "123" })["ssn_index"]);
  });

  it("cannot be looked up without a blind index", () => {
    expect(errorOf(() => model.lookup("salary", "5")).code).toBe("NO_BLIND_INDEX");
  });

  it("refuses a row whose values were swapped between columns", () => {
    const row = model.toRow({ ssn: "123", salary: "5.00" });
    const error = errorOf(() => model.fromRow({ ssn: row["salary"], salary: row["ssn"] }));
    expect(error.code).toBe("NOT_DECRYPTABLE");
    expect(error.column).toBe("ssn");
  });

  it("needs a keyring, and says so before it writes a plaintext", () => {
    expect(errorOf(() => modelWith(columns).toRow({ ssn: "123" })).code).toBe("NO_KEYRING");
    expect(errorOf(() => modelWith(columns).fromRow(model.toRow({ ssn: "123" }))).code).toBe(
      "NO_KEYRING",
    );
    expect(modelWith(columns).toRow({ ssn: null })).toEqual({ ssn: null, ssn_index: null });
  });

  it("refuses a row that holds a plaintext", () => {
    expect(errorOf(() => model.fromRow({ ssn: "123" })).code).toBe("NOT_DECRYPTABLE");
  });
});

describe("hostile names of columns", () => {
  const names = [
    "__proto__",
    "constructor",
    "toString",
    "toJson",
    "toJSON",
    "class",
    "hasOwnProperty",
    'a"b',
    "a'b",
    "a\nb",
    "naïve ☃",
    "${x}",
    "*/",
    "then",
  ];
  const model = modelWith(names.map((name) => ({ name, type: type("text"), nullable: true })));
  const whole = Object.fromEntries(names.map((name, index) => [name, `v${index}`]));

  it("are properties like all others in every codec", () => {
    const value = model.parse(whole);
    expect(Object.entries(value)).toEqual(Object.entries(whole));
    expect(Object.entries(model.fromRow(model.toRow(value)))).toEqual(Object.entries(whole));
    expect(Object.entries(model.fromJson(JSON.stringify(model.toJson(value))))).toEqual(
      Object.entries(whole),
    );
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it("are missing when they are missing, though every object has a constructor", () => {
    expect(model.parse({})).toEqual({});
    expect(Object.keys(model.fromRow({}))).toEqual([]);
    expect(Object.keys(model.toRow({}))).toEqual([]);
  });
});

describe("a document that PostgreSQL would refuse", () => {
  const documents = (of: ColumnType) =>
    modelOf(
      modelTable({
        name: "things",
        columns: [
          { name: "id", type: of, nullable: false },
          { name: "data", type: type("jsonb"), nullable: true },
          { name: "size", type: type("integer"), nullable: true },
        ],
        firestore: {
          collection: "things",
          idColumn: "id",
          fields: [
            { name: "data", column: "data", type: "any" },
            { name: "size", column: "size", type: "string" },
          ],
        },
      }),
    );

  it.each<[string, ColumnType, string, object]>([
    ["an id that is no uuid", type("uuid"), "nope", {}],
    ["an id beyond its integer", type("serial"), "2147483648", {}],
    ["an id longer than its varchar", type("varchar", { length: 3 }), "abcd", {}],
    ["a text that is beyond its integer", type("serial"), "1", { size: "2147483648" }],
    ["a NUL inside of jsonb", type("serial"), "1", { data: { a: ["x\0"] } }],
    ["a NUL in a key of jsonb", type("serial"), "1", { data: { "a\0": 1 } }],
  ])("because of %s is refused here", (_why, of, id, data) => {
    expect(errorOf(() => documents(of).fromDocument(id, data))).toMatchObject({
      code: "INVALID_DOCUMENT",
      issues: [{ path: [Object.keys(data)[0] ?? "id"] }],
    });
  });
});

it("JSON whose text is null is no value, and the error says so", () => {
  expect(errorOf(() => columnModel(type("text")).fromJson("null")).message).toContain(
    "must be an object, not null",
  );
});
