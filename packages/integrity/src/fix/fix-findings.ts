import { PostgresError, type Catalog, type Connection, type Postgres } from "@ctb-data/postgres";
import type { Finding, FindingKind, FixStrategy } from "../finding.ts";
import { IntegrityError } from "../integrity-error.ts";
import type { IntegrityStores } from "../work-options.ts";
import { databaseOf } from "./firestore-database.ts";
import { asIntegrityError, reasonOf, withFixConnection } from "./fix-connection.ts";
import { fixDocuments } from "./fix-documents.ts";
import type { FixOptions, FixStep } from "./fix-options.ts";
import { markRun, startRun } from "./fix-runs.ts";
import { fixStep } from "./fix-step.ts";
import { ensureFixTables, stepsTable } from "./fix-tables.ts";
import type { FixSession, StepTarget } from "./step-target.ts";
import { makeWorkTables } from "./work-tables.ts";

/** What a round of a run works on. */
export interface FixWork {
  readonly targets: readonly StepTarget[];
  /** Findings about documents. */
  readonly documents: readonly Finding[];
}

/**
 * Looks for what is to be done, knowing what was done before in this run; undefined ends it. `connections`: how many it may use of the
 * pool.
 */
export type NextWork = (
  done: readonly FixStep[],
  connections: number,
) => Promise<FixWork | undefined>;

/**
 * Fixes findings, one step and transaction for each of PostgreSQL's, in rounds until there is nothing more to do. A step that the
 * server refuses changes nothing and is reported; the others go on. Without any work there is no run.
 *
 * @throws {IntegrityError} LOCKED, LOCK_TIMEOUT, POOLED_HOST, DENIED, DATABASE_FAILED, CANCELLED. What was committed before stays.
 */
export async function fixFindings(
  stores: IntegrityStores,
  options: FixOptions,
  next: NextWork,
): Promise<{ readonly run: string | undefined; readonly steps: readonly FixStep[] }> {
  const { postgres } = stores;
  const { dryRun = false, lockTimeoutMs = 5000, signal } = options;
  if (!postgres)
    throw new IntegrityError(
      "INVALID_OPTIONS",
      "A fix needs PostgreSQL, which keeps what was there before.",
      { hint: "Give the URL of the PostgreSQL database." },
    );
  const connections = await connectionsBeside(postgres, options);
  return await withFixConnection(
    postgres,
    { lock: !dryRun, waitMs: lockTimeoutMs, signal },
    async (connection) =>
      await new FixRounds({ ...stores, postgres }, { ...options, connections }, connection).run(
        async (done) => await next(done, connections),
      ),
  );
}

/** The rounds of one run, on one session. */
class FixRounds {
  readonly #stores: IntegrityStores & { readonly postgres: Postgres };
  readonly #options: FixOptions;
  readonly #connection: Connection;
  readonly #steps: FixStep[] = [];
  #numbers = 0;
  #run: string | undefined;

  constructor(
    stores: IntegrityStores & { readonly postgres: Postgres },
    options: FixOptions,
    connection: Connection,
  ) {
    this.#stores = stores;
    this.#options = options;
    this.#connection = connection;
  }

  async run(
    next: (done: readonly FixStep[]) => Promise<FixWork | undefined>,
  ): Promise<{ readonly run: string | undefined; readonly steps: readonly FixStep[] }> {
    let session: FixSession | undefined;
    try {
      for (let work = await next([]); work; work = await next(this.#steps)) {
        session ??= await this.#begin();
        await this.#round({ ...session, catalog: await this.#catalog() }, work);
      }
    } catch (error) {
      throw await this.#failed(error);
    }
    if (this.#run !== undefined) {
      const failed = this.#steps.some(({ state }) => state === "failed");
      await markRun(this.#connection, this.#run, { state: failed ? "failed" : "done" });
    }
    return { run: this.#run, steps: this.#steps };
  }

  async #begin(): Promise<FixSession> {
    const { strategy = "quarantine", lockTimeoutMs = 5000, signal } = this.#options;
    const { registry, keyring } = this.#stores;
    const connection = this.#connection;
    await makeWorkTables(connection);
    if (this.#options.dryRun !== true) {
      await ensureFixTables(connection);
      const recorded = recordedOptions(this.#stores, this.#options, strategy);
      this.#run = await startRun(connection, { strategy, options: recorded });
    }
    const { statementTimeoutMs, onProgress } = this.#options;
    return {
      connection, registry, keyring, strategy, lockTimeoutMs, signal, statementTimeoutMs, onProgress, run: this.#run,
      catalog: await this.#catalog(), changedSchema: new Set(),
    }; // prettier-ignore
  }

  /** Never before the lock: another fix may just have ended. */
  async #catalog(): Promise<Catalog> {
    const { postgres, registry } = this.#stores;
    const { signal } = this.#options;
    return await postgres.readCatalog({ schemas: [registry.schema], ...(signal && { signal }) });
  }

  async #round(session: FixSession, { targets, documents }: FixWork): Promise<void> {
    for (const target of inOrder(targets)) {
      this.#numbers += 1;
      this.#steps.push(await oneStep(session, target, this.#numbers));
    }
    const firstStep = this.#numbers + 1;
    this.#numbers += documents.length;
    const work = { session, findings: documents, firstStep };
    this.#steps.push(...(await fixDocuments(this.#stores, this.#options, work)));
  }

  async #failed(error: unknown): Promise<unknown> {
    const run = this.#run;
    const known = error instanceof PostgresError ? asIntegrityError(error, run) : error;
    if (run !== undefined && !this.#connection.lost) {
      const message =
        known instanceof IntegrityError ? known.message : "It ended with a defect of this program.";
      try {
        await markRun(this.#connection, run, { state: "failed", error: message });
      } catch {
        // The failure itself is the news.
      }
    }
    return known;
  }
}

/** One holds the lock and works, another one reads the catalog and what rows are now; the others may take a snapshot. */
async function connectionsBeside(postgres: Postgres, options: FixOptions): Promise<number> {
  const health = await postgres.health();
  const free = health.ok ? health.pool.size - 2 : 1;
  if (free > 0) return Math.min(options.connections ?? 4, free);
  throw new IntegrityError("INVALID_OPTIONS", "A fix needs a pool of at least three connections.", {
    hint: "Nothing was touched. Set DATABASE_POOL_SIZE to 3 or more.",
  });
}

function recordedOptions(
  { firestore }: IntegrityStores,
  { parts, tables, only, lockTimeoutMs }: FixOptions,
  strategy: FixStrategy,
): object {
  const database = firestore && databaseOf(firestore);
  return { strategy, parts, tables, only, lockTimeoutMs, firestore: database };
}

/** Values are encrypted before their rows may move; keys are unique before something refers to them. */
const order: readonly FindingKind[] = [
  "clear_text", "blind_index", "undecryptable", "null", "length", "range", "pattern", "format", "enum", "invalid_value", "check",
  "duplicate", "orphan", "constraint_missing", "constraint_not_validated", "constraint_disabled", "drift",
]; // prettier-ignore

function inOrder(targets: readonly StepTarget[]): readonly StepTarget[] {
  return targets.toSorted((a, b) => order.indexOf(a.finding.kind) - order.indexOf(b.finding.kind));
}

async function oneStep(session: FixSession, target: StepTarget, step: number): Promise<FixStep> {
  const { connection, run, onProgress } = session;
  const { finding } = target;
  onProgress?.({ kind: "step", step: "fix", detail: finding.id });
  try {
    const { statements, rows } = await fixStep(session, target, step);
    if (rows > 0 && finding.table !== undefined)
      onProgress?.({ kind: "count", store: "postgres", name: finding.table, items: rows });
    return {
      finding,
      store: "postgres",
      statements,
      changed: rows,
      state: run === undefined ? "planned" : "done",
    };
  } catch (error) {
    if (connection.lost) throw error;
    if (error instanceof PostgresError && error.code === "CANCELLED") throw error;
    if (error instanceof IntegrityError && error.code !== "REFUSED" && error.code !== "NOT_FOUND")
      throw error;
    if (!(error instanceof PostgresError) && !(error instanceof IntegrityError)) throw error;
    const reason = error instanceof PostgresError ? reasonOf(error) : error.message;
    if (run !== undefined) await recordFailure(connection, { run, step, target, reason });
    return { finding, store: "postgres", state: "failed", statements: [], changed: 0, reason };
  }
}

async function recordFailure(
  connection: Connection,
  {
    run,
    step,
    target: { finding },
    reason,
  }: {
    readonly run: string;
    readonly step: number;
    readonly target: StepTarget;
    readonly reason: string;
  },
): Promise<void> {
  await connection.query(
    `INSERT INTO ${stepsTable} (run, step, finding, kind, store, message, state, reason, finished_at)
    VALUES ($1, $2, $3, $4, 'postgres', $5, 'failed', $6, pg_catalog.clock_timestamp())`,
    [run, step, finding.id, finding.kind, finding.message, reason],
  );
}
