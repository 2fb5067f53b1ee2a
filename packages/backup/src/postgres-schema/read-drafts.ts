import type { Uncovered } from "../archive/postgres-manifest.ts";
import type { Catalog, CatalogQuery, CatalogRow } from "./catalog-query.ts";
import { constraintQueries } from "./constraint-queries.ts";
import { readDomainPieces } from "./domain-pieces.ts";
import { type Draft, draftOf } from "./draft.ts";
import { namespaceQueries } from "./namespace-queries.ts";
import { operatorClassQueries } from "./operator-class-queries.ts";
import { publicationQueries } from "./publication-queries.ts";
import { reactionQueries } from "./reaction-queries.ts";
import { readTables } from "./read-tables.ts";
import { relationQueries } from "./relation-queries.ts";
import { routineQueries } from "./routine-queries.ts";
import { reorderedChildren, tableDrafts } from "./table-draft.ts";
import { typeQueries } from "./type-queries.ts";

/** Everything that the database has, also what belongs to extensions. */
export async function readDrafts(
  catalog: Catalog,
): Promise<{ readonly drafts: readonly Draft[]; readonly uncovered: readonly Uncovered[] }> {
  const { version } = catalog;
  const domains = await readDomainPieces(catalog);
  const tables = await readTables(catalog);
  const drafts: Draft[] = tableDrafts(tables, version);
  const uncovered: Uncovered[] = reorderedChildren(tables).map((name) => ({
    kind: "inherited columns",
    name,
    why: "to keep the order of its columns they are restored as its own: dropping one from the parent will not drop it here",
  }));
  const queries: readonly CatalogQuery[] = [
    ...namespaceQueries(version),
    ...typeQueries(version),
    ...routineQueries,
    ...operatorClassQueries,
    ...relationQueries,
    ...constraintQueries(version),
    ...reactionQueries,
    ...publicationQueries(version),
  ];
  for (const query of queries) {
    for (const row of await catalog.rows<CatalogRow>(query.sql)) {
      const { sql, kind, schema, name } = row;
      if (sql !== null) drafts.push(draftOf({ ...row, sql }, query.phase, domains.get(row.key)));
      else {
        const full = schema === null ? name : `${schema}.${name}`;
        uncovered.push({ kind, name: full, why: "the server did not tell its definition" });
      }
    }
  }
  return { drafts, uncovered };
}
