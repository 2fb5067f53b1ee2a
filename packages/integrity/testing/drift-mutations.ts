import { quoteIdentifier, type Catalog, type CatalogTable } from "@ctb-data/postgres";
import { objectName } from "@ctb-data/postgres/statements";

/** One thing that is done to a live database, and the ids of all that must be found then. */
export interface DriftMutation {
  readonly sql: string;
  readonly ids: readonly string[];
}

const q = quoteIdentifier;

/** Every way in which this changes one thing of a database. */
export function driftMutations(catalog: Catalog): readonly DriftMutation[] {
  return [
    ...catalog.enums.flatMap(({ schema, name }) => [
      {
        sql: `ALTER TYPE ${objectName(schema, name)} ADD VALUE 'one that nobody knows'`,
        ids: [`drift:enum ${q(name)}:values`],
      },
      {
        sql: `CREATE TYPE ${objectName(schema, `${name}2`)} AS ENUM ()`,
        ids: [`drift:enum ${q(`${name}2`)}:unknown`],
      },
    ]),
    ...catalog.tables.flatMap((table) => {
      const place: Place = { catalog, table, at: objectName(table.schema, table.name) };
      return [
        { sql: `DROP TABLE ${place.at} CASCADE`, ids: [`drift:${q(table.name)}:missing`] },
        ...columnMutations(place),
        ...keyMutations(place),
        ...constraintMutations(place),
        ...indexMutations(place),
      ];
    }),
  ];
}

interface Place {
  readonly catalog: Catalog;
  readonly table: CatalogTable;
  /** Quoted, with its schema. */
  readonly at: string;
}

const retyped: Readonly<Record<string, string>> = {
  smallint: "integer",
  integer: "bigint",
  bigint: "numeric",
  "numeric(10,2)": "numeric(12,3)",
  "varchar(20)": "text",
  varchar: "text",
  text: "varchar(300)",
  "timestamptz(0)": "timestamptz",
  timestamp: "timestamptz",
  time: "time(2)",
  "integer[]": "bigint[]",
  "text[]": "varchar(7)[]",
};

/** Columns of foreign keys on either side: not every other type goes with the opposite side. */
function linkedColumns({ catalog, table }: Place): ReadonlySet<string> {
  return new Set([
    ...table.foreignKeys.flatMap(({ columns }) => columns),
    ...catalog.tables
      .flatMap(({ foreignKeys }) => foreignKeys)
      .filter(({ referencedTable }) => referencedTable === table.name)
      .flatMap(({ referencedColumns }) => referencedColumns),
  ]);
}

function columnMutations(of: Place): readonly DriftMutation[] {
  const { table, at } = of;
  const linked = linkedColumns(of);
  const inKey = new Set(table.primaryKey?.columns);
  return [
    {
      sql: `ALTER TABLE ${at} ADD COLUMN "new One" integer`,
      ids: [`drift:${q(table.name)}."new One":unknown`],
    },
    ...table.columns.flatMap(({ name, type, nullable, default: value, serial }) => {
      const place = `${q(table.name)}.${q(name)}`;
      const alter = (action: string): string =>
        `ALTER TABLE ${at} ALTER COLUMN ${q(name)} ${action}`;
      const other = retyped[type];
      return [
        ...(table.columns.length > 1
          ? [
              {
                sql: `ALTER TABLE ${at} DROP COLUMN ${q(name)} CASCADE`,
                ids: [`drift:${place}:missing`],
              },
            ]
          : []),
        ...(other === undefined || ((serial || linked.has(name)) && type === "bigint")
          ? []
          : [{ sql: alter(`TYPE ${other}`), ids: [`drift:${place}:type`] }]),
        ...(["text", "varchar(20)", "char(3)"].includes(type)
          ? [{ sql: alter(`TYPE ${type} COLLATE "C"`), ids: [`drift:${place}:collation`] }]
          : []),
        value === undefined
          ? {
              sql: `SET search_path = ${q(table.schema)}; ${alter(`SET DEFAULT NULLIF(1, 1)::text::${type}`)}; RESET search_path`,
              ids: [`drift:${place}:default`],
            }
          : { sql: alter("DROP DEFAULT"), ids: [`drift:${place}:default`] },
        ...(inKey.has(name)
          ? []
          : [
              nullable
                ? { sql: alter("SET NOT NULL"), ids: [`drift:${place}:nullable`] }
                : { sql: alter("DROP NOT NULL"), ids: [`constraint_missing:${place}:not_null`] },
            ]),
      ];
    }),
  ];
}

/** What holds on to a key goes with it. */
function dependents({ catalog, table }: Place, columns: readonly string[]): readonly string[] {
  return catalog.tables.flatMap((owner) =>
    owner.foreignKeys
      .filter(({ referencedTable }) => referencedTable === table.name)
      .filter((key) => key.referencedColumns.join("\0") === columns.join("\0"))
      .map((key) => `constraint_missing:${q(owner.name)}/${q(key.name)}`),
  );
}

function keyMutations(place: Place): readonly DriftMutation[] {
  const { table, at } = place;
  const keys = [...(table.primaryKey ? [table.primaryKey] : []), ...table.uniques];
  return keys.flatMap(({ name, columns }) => {
    const id = `${q(table.name)}/${q(name)}`;
    return [
      {
        sql: `ALTER TABLE ${at} DROP CONSTRAINT ${q(name)} CASCADE`,
        ids: [`constraint_missing:${id}`, ...dependents(place, columns)],
      },
      {
        sql: `ALTER TABLE ${at} RENAME CONSTRAINT ${q(name)} TO "other Name"`,
        ids: [`drift:${id}:name`],
      },
    ];
  });
}

function constraintMutations({ table, at }: Place): readonly DriftMutation[] {
  const alter = (action: string): string => `ALTER TABLE ${at} ${action}`;
  return [
    {
      sql: alter(`ADD CONSTRAINT "my Own" CHECK (1 > 0)`),
      ids: [`drift:${q(table.name)}/"my Own":unknown`],
    },
    ...table.checks.flatMap(({ name, expression }) => {
      const id = `${q(table.name)}/${q(name)}`;
      const again = `DROP CONSTRAINT ${q(name)}, ADD CONSTRAINT ${q(name)}`;
      return [
        { sql: alter(`DROP CONSTRAINT ${q(name)}`), ids: [`constraint_missing:${id}`] },
        { sql: alter(`RENAME CONSTRAINT ${q(name)} TO "other Name"`), ids: [`drift:${id}:name`] },
        { sql: alter(`${again} CHECK ((${expression}) OR false)`), ids: [`drift:${id}:different`] },
        {
          sql: alter(`${again} CHECK (${expression}) NOT VALID`),
          ids: [`constraint_not_validated:${id}`],
        },
      ];
    }),
    ...table.foreignKeys.flatMap((key) => {
      const { name, onDelete } = key;
      const id = `${q(table.name)}/${q(name)}`;
      const again = [
        `DROP CONSTRAINT ${q(name)}, ADD CONSTRAINT ${q(name)} FOREIGN KEY (${key.columns.map(q).join(", ")})`,
        `REFERENCES ${objectName(key.referencedSchema, key.referencedTable)} (${key.referencedColumns.map(q).join(", ")})`,
      ].join(" ");
      return [
        { sql: alter(`DROP CONSTRAINT ${q(name)}`), ids: [`constraint_missing:${id}`] },
        { sql: alter(`RENAME CONSTRAINT ${q(name)} TO "other Name"`), ids: [`drift:${id}:name`] },
        { sql: alter(`ALTER CONSTRAINT ${q(name)} DEFERRABLE`), ids: [`drift:${id}:behaviour`] },
        {
          sql: alter(`${again} ON DELETE ${onDelete} NOT VALID`),
          ids: [`constraint_not_validated:${id}`],
        },
        {
          sql: alter(`${again} ON DELETE ${onDelete === "restrict" ? "cascade" : "restrict"}`),
          ids: [`drift:${id}:behaviour`],
        },
      ];
    }),
  ];
}

function indexMutations({ table, at }: Place): readonly DriftMutation[] {
  const column = table.columns.find(({ type }) => !type.startsWith("json"));
  return [
    ...(column
      ? [
          {
            sql: `CREATE INDEX "my Index" ON ${at} (${q(column.name)}) WHERE ${q(column.name)} IS NULL`,
            ids: [`drift:${q(table.name)}/"my Index":unknown`],
          },
        ]
      : []),
    ...table.indexes.flatMap(({ name, unique, definition }) => {
      const id = `${q(table.name)}/${q(name)}`;
      const index = objectName(table.schema, name);
      return [
        {
          sql: `DROP INDEX ${index}`,
          ids: [unique ? `constraint_missing:${id}` : `drift:${id}:missing`],
        },
        { sql: `ALTER INDEX ${index} RENAME TO "other Name"`, ids: [`drift:${id}:name`] },
        {
          sql: `SET search_path = ${q(table.schema)}; DROP INDEX ${index}; ${definition.split(" WHERE ")[0]} WHERE false; RESET search_path`,
          ids: [`drift:${id}:different`],
        },
        {
          sql: `UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${index.replaceAll("'", "''")}'::regclass`,
          ids: [unique ? `constraint_disabled:${id}` : `drift:${id}:invalid`],
        },
      ];
    }),
  ];
}
