import type { Keyring } from "@ctb-data/models";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import type { FixStrategy } from "../src/finding.ts";
import { fixFindings } from "../src/fix/fix-findings.ts";
import type { FixStep, UndoReport } from "../src/fix/fix-options.ts";
import type { StepTarget } from "../src/fix/step-target.ts";
import { undoFix } from "../src/fix/undo-fix.ts";
import { once } from "./fix-scans.ts";

const nothing = parseRegistry("tables: {}", { file: "none.yml" });

/** A database for tests of fixes, whose findings are given by hand. */
export interface FixWorld extends AsyncDisposable {
  readonly url: string;
  readonly postgres: Postgres;
  readonly registry: Registry;
  readonly sql: (text: string) => Promise<readonly Record<string, unknown>[]>;
  readonly fix: (
    targets: readonly StepTarget[],
    options?: { readonly strategy?: FixStrategy; readonly dryRun?: boolean },
  ) => Promise<{ readonly run: string; readonly steps: readonly FixStep[] }>;
  readonly undo: (run: string, dryRun?: boolean) => Promise<UndoReport>;
}

/** Makes one in which this SQL has run. */
export async function fixWorld(
  sql: string,
  {
    registry = nothing,
    keyring,
  }: { readonly registry?: Registry; readonly keyring?: Keyring } = {},
): Promise<FixWorld> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createTestDatabase());
  const postgres = opening.use(await openPostgres({ url: database.url, registry }));
  await postgres.query("CREATE SCHEMA ctb_data");
  await postgres.query(sql);
  const opened = opening.move();
  const stores = { postgres, registry, keyring };
  return {
    url: database.url,
    postgres,
    registry,
    sql: async (text) => (await postgres.query(text)).rows,
    fix: async (targets, options = {}) => {
      const { run, steps } = await fixFindings(stores, options, once(targets));
      return { run: run ?? "", steps };
    },
    undo: async (run, dryRun = false) => await undoFix(stores, { run, dryRun }),
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

/** The major version of the server of this test run. */
export async function serverVersion(): Promise<number> {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  return Number.parseInt((await postgres.readCatalog()).serverVersion);
}
