import type { SchemaObject } from "./schema-object.ts";
import { splitStatements } from "./split-statements.ts";

/** What is to be run: objects, or the text of a dump. */
export type SchemaSource = string | readonly SchemaObject[];

const name = String.raw`((?:"(?:[^"]|"")*"|[^\s".(;]+)(?:\.(?:"(?:[^"]|"")*"|[^\s".(;]+))?)`;
const addConstraint = new RegExp(
  String.raw`^ALTER (?:FOREIGN )?TABLE (?:ONLY )?${name}\s+ADD CONSTRAINT (?:"(?:[^"]|"")*"|\S+) (FOREIGN KEY|PRIMARY KEY|UNIQUE|EXCLUDE|CHECK)`,
  "u",
);
const createIndex = new RegExp(
  String.raw`^CREATE (?:UNIQUE )?INDEX (?:"(?:[^"]|"")*"|\S+) ON (?:ONLY )?${name}`,
  "u",
);
const constraintKinds: Readonly<Record<string, string>> = {
  "FOREIGN KEY": "foreign key",
  "PRIMARY KEY": "primary key",
  UNIQUE: "unique constraint",
  EXCLUDE: "exclusion constraint",
  CHECK: "check constraint",
};

/** The objects as they are; each statement of a text as an object. */
export function objectsOf(source: SchemaSource): readonly SchemaObject[] {
  if (typeof source !== "string") return source;
  return splitStatements(source).map(({ sql, comment }, index) => {
    const kind = kindOf(sql);
    // pg_dump writes a line `-- Name: …; Type: …; Schema: …; Owner: -` before each.
    const title = /^-- (Name: .*?); Owner: /mu.exec(comment)?.[1];
    const id = title ?? `statement ${index + 1}: ${sql.slice(0, 80)}`;
    return { id, kind, schema: null, name: id, sql: `${sql};` };
  });
}

function kindOf(sql: string): string {
  const constraint = addConstraint.exec(sql)?.[2];
  if (constraint !== undefined) return constraintKinds[constraint] ?? "statement";
  if (createIndex.test(sql)) return "index";
  return sql.startsWith("CREATE POLICY ") ? "policy" : "statement";
}

const builds = new Set(["primary key", "unique constraint", "exclusion constraint", "index"]);

/** What can run beside others, when their tables are different. Undefined for what must be alone. */
export function tablesLockedBy({ kind, sql }: SchemaObject): readonly string[] | undefined {
  if (builds.has(kind)) {
    const table = addConstraint.exec(sql)?.[1] ?? createIndex.exec(sql)?.[1];
    return table === undefined ? undefined : [table];
  }
  // Without ONLY it is a partitioned table: all partitions are locked.
  if (kind !== "foreign key" || !sql.startsWith("ALTER TABLE ONLY ")) return undefined;
  const from = addConstraint.exec(sql)?.[1];
  const to = referenced.exec(sql)?.[1];
  return from === undefined || to === undefined ? undefined : [from, to];
}

const referenced = new RegExp(
  String.raw`FOREIGN KEY \((?:"(?:[^"]|"")*"|[^")])*\) REFERENCES ${name}`,
  "u",
);

/** The first statement, and what follows it: comments, details. */
export function firstStatement(sql: string): { readonly first: string; readonly rest: string } {
  const [first, ...rest] = splitStatements(sql);
  return { first: first?.sql ?? "", rest: rest.map((statement) => `${statement.sql};`).join("\n") };
}
