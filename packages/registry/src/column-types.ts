/**
 * How a value of a column behaves in JavaScript, whatever the SQL spelling of its type. Everything that is derived from
 * a type (zod, MikroORM, Firestore, fixtures) is keyed by one of these, so that the compiler names every place that
 * must learn about a new one.
 */
export type ValueKind =
  | "int16"
  | "int32"
  | "int64"
  | "decimal"
  | "float32"
  | "float64"
  | "boolean"
  | "text"
  | "uuid"
  | "date"
  | "time"
  | "timestamp"
  | "timestamptz"
  | "interval"
  | "json"
  | "bytes"
  | "inet"
  | "enum";

/** The types that a Firestore document field can have. `any` is whatever the document holds, kept as it is. */
export type FirestoreType =
  | "any"
  | "array"
  | "boolean"
  | "bytes"
  | "double"
  | "geopoint"
  | "integer"
  | "map"
  | "reference"
  | "string"
  | "timestamp"
  | "vector";

/** What may stand in parentheses behind a type name. */
type TypeParameters = "none" | "length" | "precision" | "precision-and-scale";

/** One row of the table of types. */
interface TypeFacts {
  /** Other spellings that PostgreSQL accepts, in lower case. */
  readonly aliases?: readonly string[];
  readonly parameters?: TypeParameters;
  readonly kind: ValueKind;
  /** An integer whose default is a sequence of its own. */
  readonly serial?: true;
  /** The TypeScript type of the value in a model. */
  readonly typescript: string;
  /** The document field that holds it unless the registry says otherwise. */
  readonly firestore: FirestoreType;
  /** The name of the type in MikroORM. */
  readonly mikroOrm: string;
}

/**
 * The table of types: every type a column can have, by the name that generated SQL uses, and all that is derived
 * from it. A decimal, a date or a time is a string in JavaScript, because `number` and `Date` would round it.
 */
export const columnTypes = {
  smallint: {
    aliases: ["int2"],
    kind: "int16",
    typescript: "number",
    firestore: "integer",
    mikroOrm: "smallint",
  },
  integer: {
    aliases: ["int", "int4"],
    kind: "int32",
    typescript: "number",
    firestore: "integer",
    mikroOrm: "integer",
  },
  bigint: {
    aliases: ["int8"],
    kind: "int64",
    typescript: "bigint",
    firestore: "integer",
    mikroOrm: "bigint",
  },
  serial: {
    aliases: ["serial4"],
    kind: "int32",
    serial: true,
    typescript: "number",
    firestore: "integer",
    mikroOrm: "integer",
  },
  bigserial: {
    aliases: ["serial8"],
    kind: "int64",
    serial: true,
    typescript: "bigint",
    firestore: "integer",
    mikroOrm: "bigint",
  },
  numeric: {
    aliases: ["decimal"],
    parameters: "precision-and-scale",
    kind: "decimal",
    typescript: "string",
    firestore: "string",
    mikroOrm: "decimal",
  },
  real: {
    aliases: ["float4"],
    kind: "float32",
    typescript: "number",
    firestore: "double",
    mikroOrm: "float",
  },
  "double precision": {
    aliases: ["float8", "float"],
    kind: "float64",
    typescript: "number",
    firestore: "double",
    mikroOrm: "double",
  },
  boolean: {
    aliases: ["bool"],
    kind: "boolean",
    typescript: "boolean",
    firestore: "boolean",
    mikroOrm: "boolean",
  },
  text: { kind: "text", typescript: "string", firestore: "string", mikroOrm: "text" },
  varchar: {
    aliases: ["character varying"],
    parameters: "length",
    kind: "text",
    typescript: "string",
    firestore: "string",
    mikroOrm: "string",
  },
  char: {
    aliases: ["character", "bpchar"],
    parameters: "length",
    kind: "text",
    typescript: "string",
    firestore: "string",
    mikroOrm: "character",
  },
  uuid: { kind: "uuid", typescript: "string", firestore: "string", mikroOrm: "uuid" },
  date: { kind: "date", typescript: "string", firestore: "string", mikroOrm: "date" },
  time: {
    aliases: ["time without time zone"],
    parameters: "precision",
    kind: "time",
    typescript: "string",
    firestore: "string",
    mikroOrm: "time",
  },
  timestamp: {
    aliases: ["timestamp without time zone"],
    parameters: "precision",
    kind: "timestamp",
    typescript: "string",
    firestore: "timestamp",
    mikroOrm: "datetime",
  },
  timestamptz: {
    aliases: ["timestamp with time zone"],
    parameters: "precision",
    kind: "timestamptz",
    typescript: "string",
    firestore: "timestamp",
    mikroOrm: "datetime",
  },
  interval: {
    kind: "interval",
    typescript: "string",
    firestore: "string",
    mikroOrm: "interval",
  },
  json: { kind: "json", typescript: "Json", firestore: "any", mikroOrm: "json" },
  jsonb: { kind: "json", typescript: "Json", firestore: "any", mikroOrm: "json" },
  bytea: { kind: "bytes", typescript: "Uint8Array", firestore: "bytes", mikroOrm: "blob" },
  inet: { kind: "inet", typescript: "string", firestore: "string", mikroOrm: "string" },
} as const satisfies Readonly<Record<string, TypeFacts>>;

/** The name of a built-in type, as generated SQL spells it. */
export type ColumnTypeName = keyof typeof columnTypes;
