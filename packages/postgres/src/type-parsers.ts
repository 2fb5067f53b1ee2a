import { decoderOf, type ModelValue, type TextType } from "@ctb-data/models";
import type { ColumnType, ValueKind } from "@ctb-data/registry";
import type { CustomTypesConfig, FieldDef, QueryResult } from "pg";
import type { Session } from "./session.ts";

type Parser = (text: string) => ModelValue;

/** The OIDs that never change, of plain types and of arrays of them. Every other type is text. */
const builtIn: readonly (readonly [
  kind: Exclude<ValueKind, "enum">,
  oid: number,
  arrayOid: number,
])[] = [
  ["boolean", 16, 1000],
  ["bytes", 17, 1001],
  ["text", 18, 1002], // "char"
  ["text", 19, 1003], // name
  ["int64", 20, 1016],
  ["int16", 21, 1005],
  ["int32", 23, 1007],
  ["text", 25, 1009],
  ["float64", 26, 1028], // oid: up to 2^32, which a double holds
  ["json", 114, 199],
  ["float32", 700, 1021],
  ["float64", 701, 1022],
  ["inet", 869, 1041],
  ["text", 1042, 1014], // char(n)
  ["text", 1043, 1015], // varchar
  ["date", 1082, 1182],
  ["time", 1083, 1183],
  ["timestamp", 1114, 1115],
  ["timestamptz", 1184, 1185],
  ["interval", 1186, 1187],
  ["decimal", 1700, 1231],
  ["uuid", 2950, 2951],
  ["json", 3802, 3807],
];

/** Types with a higher OID were made in this database: enums, domains, extensions' types. */
const firstOwnOid = 16_384;

const none: readonly FieldDef[] = [];
const asIs: Parser = (text) => text;

/**
 * Turns the text of a PostgreSQL value into what a model holds, by the OID of its type. OIDs of a database's own types
 * (arrays of enums, above all) are looked up once, when they first appear.
 */
export class TypeParsers implements CustomTypesConfig {
  readonly #parsers = builtInParsers();

  /** What `pg` calls for each column of a result. */
  readonly getTypeParser = (oid: number): Parser => this.#parsers.get(oid) ?? asIs;

  /** Whether every type of the result was known when its rows came. */
  isComplete(result: QueryResult): boolean {
    return result.fields.every(
      ({ dataTypeID }) => dataTypeID < firstOwnOid || this.#parsers.has(dataTypeID),
    );
  }

  /** Parses the columns of types that nobody knew when the rows came. */
  async complete(result: QueryResult, session: Session): Promise<void> {
    const unknown = await this.learnFrom(result, session);
    for (const { name, dataTypeID } of unknown) {
      const parse = this.getTypeParser(dataTypeID);
      if (parse === asIs) continue;
      for (const row of result.rows) {
        const text: unknown = row[name];
        if (typeof text === "string") row[name] = parse(text);
      }
    }
  }

  /** Looks up the types of a result that nobody knows yet, and gives its columns that have them. */
  async learnFrom(result: QueryResult, session: Session): Promise<readonly FieldDef[]> {
    const unknown = result.fields.filter(
      ({ dataTypeID }) => dataTypeID >= firstOwnOid && !this.#parsers.has(dataTypeID),
    );
    if (unknown.length === 0) return none;
    await this.#learn(new Set(unknown.map((field) => field.dataTypeID)), session);
    return unknown;
  }

  async #learn(oids: ReadonlySet<number>, session: Session): Promise<void> {
    const { rows } = await session.run({ text: ownTypesSql, values: [[...oids].join(",")] });
    for (const oid of oids) this.#parsers.set(oid, asIs);
    for (const { oid, element } of rows) {
      const parser = element === null ? undefined : arrayParser(Number(element), this.#parsers);
      if (parser) this.#parsers.set(Number(oid), parser);
    }
  }
}

/** Arrays of own types: of an enum (element 0), or of a domain (the OID of what it is made of). */
const ownTypesSql = `
  SELECT t.oid, CASE e.typtype WHEN 'd' THEN e.typbasetype WHEN 'e' THEN 0 ELSE 25 END AS element
  FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
  WHERE t.oid = ANY (pg_catalog.string_to_array($1, ',')::pg_catalog.oid[]) AND e.oid IS NOT NULL`;

function arrayParser(element: number, parsers: ReadonlyMap<number, Parser>): Parser | undefined {
  const arrayOid = builtIn.find(([, oid]) => oid === element)?.[2] ?? 1009;
  return parsers.get(arrayOid);
}

function builtInParsers(): Map<number, Parser> {
  const parsers = new Map<number, Parser>();
  for (const [kind, oid, arrayOid] of builtIn) {
    parsers.set(oid, lazy(kind));
    parsers.set(arrayOid, kind === "json" ? parseJsonArray : lazy(arrayOf(kind, 1)));
  }
  return parsers;
}

/** Most programs meet few types: a reader is compiled when its type first appears. */
function lazy(type: TextType): Parser {
  let parse: Parser = (text) => {
    parse = decoderOf(type);
    return parse(text);
  };
  return (text) => parse(text);
}

function arrayOf(kind: Exclude<ValueKind, "enum">, dimensions: number): ColumnType {
  return { name: typeNames[kind], kind, dimensions };
}

/** Which arrays are PostgreSQL's and which are JSON's only the number of dimensions tells: the text begins with it. */
function parseJsonArray(text: string): ModelValue {
  const dimensions = /^(?:\[.*?\]=)?(?<braces>\{*)/.exec(text)?.groups?.["braces"]?.length ?? 1;
  return decoderOf(arrayOf("json", dimensions))(text);
}

/** One type of each kind. */
export const typeNames = {
  int16: "smallint",
  int32: "integer",
  int64: "bigint",
  decimal: "numeric",
  float32: "real",
  float64: "double precision",
  boolean: "boolean",
  text: "text",
  uuid: "uuid",
  date: "date",
  time: "time",
  timestamp: "timestamp",
  timestamptz: "timestamptz",
  interval: "interval",
  json: "jsonb",
  bytes: "bytea",
  inet: "inet",
} as const;
