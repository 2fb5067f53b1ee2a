import { openPostgres, schemaSql, type Catalog, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import type { Registry } from "@ctb-data/registry";
import { checkDrift } from "../src/drift/check-drift.ts";
import type { Finding } from "../src/finding.ts";

/** A database in which `schemaSql(registry)` ran, to be changed and compared with what it was. */
export interface DriftDatabase extends AsyncDisposable {
  readonly db: Postgres;
  readonly expected: Catalog;
  /** What differs now. */
  check(): Promise<readonly Finding[]>;
  /** Runs what the findings say, in their order, with the search path of a migration. */
  mend(findings: readonly Finding[]): Promise<void>;
}

export async function driftDatabase(registry: Registry): Promise<DriftDatabase> {
  const database = await createTestDatabase();
  const db = await openPostgres({ url: database.url, registry });
  await db.query(schemaSql(registry));
  const expected = await db.readCatalog();
  return {
    db,
    expected,
    check: async () => checkDrift({ registry, live: await db.readCatalog(), expected }),
    mend: async (findings) => {
      for (const finding of findings) {
        for (const statement of statementsOf(finding)) await db.query(statement);
      }
    },
    async [Symbol.asyncDispose]() {
      await db.close();
      await database.drop();
    },
  };
}

/** Those of the fix, or those under the sentence of the advice. */
export function statementsOf({ fix, advice }: Finding): readonly string[] {
  if (fix) return fix.statements;
  const sql = advice?.split("\n").slice(1).join("\n");
  return sql ? [sql] : [];
}

export function idsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1));
}
