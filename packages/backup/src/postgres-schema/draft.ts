import { quoteIdentifier } from "@ctb-data/postgres";
import type { CatalogRow, Phase } from "./catalog-query.ts";

/** A part of an object that can be left out of it and made later: a default, a check. */
export interface Piece {
  /** `pg_attrdef:16390` */
  readonly key: string;
  /** The key of the object that it is part of. */
  readonly owner: string;
  readonly kind: string;
  readonly name: string;
  /** As it stands inside of the object. */
  readonly inline: string;
  /** As a statement of its own, without its semicolon. */
  readonly separate: string;
  /** It comes after the rows, whatever the order would allow. */
  readonly late: boolean;
}

/** One object that is to be made, before its place in the order is known. */
export interface Draft {
  readonly key: string;
  readonly kind: string;
  readonly schema: string | null;
  readonly name: string;
  readonly table: { readonly schema: string; readonly name: string } | undefined;
  readonly roles: readonly string[];
  readonly phase: Phase;
  readonly needs: readonly string[];
  readonly stub: string | undefined;
  readonly pieces: readonly Piece[];
  /** Keys of what is written with it and cannot be taken out. */
  readonly aliases: readonly string[];
  /** Its SQL with these pieces in it, without the last semicolon. */
  readonly render: (inline: readonly Piece[]) => string;
}

/** The draft of what a catalog query found. Its pieces are written behind its SQL. */
export function draftOf(
  row: CatalogRow & { readonly sql: string },
  phase: Phase,
  pieces: readonly Piece[] = [],
): Draft {
  const { table_schema: schema = null, table_name: name = null } = row;
  const table = schema === null || name === null ? undefined : { schema, name };
  return {
    key: row.key,
    kind: row.kind,
    schema: row.schema,
    name: row.name,
    table,
    roles: row.roles ?? [],
    phase,
    needs: row.needs ?? [],
    stub: row.stub ?? undefined,
    pieces,
    aliases: row.aliases ?? [],
    render: (inline) => row.sql + inline.map((piece) => piece.inline).join(""),
  };
}

/** `kind schema.name on schema.table`, quoted where needed. */
export function objectId(object: {
  readonly kind: string;
  readonly schema: string | null;
  readonly name: string;
  readonly table?: { readonly schema: string; readonly name: string } | undefined;
}): string {
  const { kind, schema, name, table } = object;
  const full = [...(schema === null ? [] : [schema]), name].map(quoteIdentifier).join(".");
  if (table === undefined || (table.schema === schema && table.name === name))
    return `${kind} ${full}`;
  return `${kind} ${full} on ${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
}
