import type { Catalog, Postgres } from "@ctb-data/postgres";
import { checkDocuments } from "../documents/check-documents.ts";
import { checkDrift } from "../drift/check-drift.ts";
import { checkSequences } from "../drift/check-sequences.ts";
import { checkFirestoreDrift } from "../drift/firestore/check-firestore-drift.ts";
import type { Finding } from "../finding.ts";
import { rowSessions } from "../fix/row-sessions.ts";
import { checkRowsIn } from "../rows/check-rows.ts";
import type { TableScan } from "../rows/row-rule.ts";
import { withSnapshot, type Snapshot } from "../rows/with-snapshot.ts";
import type { IntegrityStores } from "../work-options.ts";
import { asIntegrityErrors } from "./as-integrity-errors.ts";
import { checkCheckOptions } from "./check-check-options.ts";
import { checkParts, type CheckOptions, type CheckPart } from "./check-options.ts";
import { tableScans } from "./table-scans.ts";

/** What was found, and what it was found with: a fix looks with the same. */
export interface Inspection {
  readonly snapshotAt: string | undefined;
  readonly readTime: string | undefined;
  readonly rows: number;
  readonly documents: number;
  /** Without what a fix would do, but for constraints. */
  readonly findings: readonly Finding[];
  readonly notChecked: readonly string[];
  /** Undefined without PostgreSQL. */
  readonly catalog: Catalog | undefined;
  readonly scans: readonly TableScan[];
}

/** What one part of the work adds to the inspection. */
type Found = Partial<Inspection>;

interface Inspecting {
  readonly stores: IntegrityStores;
  readonly options: CheckOptions;
  readonly parts: ReadonlySet<CheckPart>;
}

/**
 * Looks at both stores, and changes nothing.
 *
 * @throws {IntegrityError} as `checkIntegrity` says.
 */
export async function inspectIntegrity(
  stores: IntegrityStores,
  options: CheckOptions = {},
): Promise<Inspection> {
  checkCheckOptions(stores, options);
  const inspecting = { stores, options, parts: new Set(options.parts ?? checkParts) };
  return await asIntegrityErrors(options.signal, async () => {
    const { postgres } = stores;
    const founds =
      postgres === undefined
        ? [await inspectDocuments(inspecting, undefined)]
        : await inspectBoth(postgres, inspecting);
    return combined([...founds, await inspectFirestoreDrift(inspecting)]);
  });
}

/** Rows and documents at about the same moment: the snapshot first, then the read time. */
async function inspectBoth(postgres: Postgres, inspecting: Inspecting): Promise<readonly Found[]> {
  const { stores, options } = inspecting;
  const { connections, statementTimeoutMs, signal } = options;
  const { schema } = stores.registry;
  return await withSnapshot(
    postgres,
    { connections, statementTimeoutMs, schema, signal },
    async (snapshot) => {
      options.onProgress?.({ kind: "step", step: "catalog" });
      const catalog = await postgres.readCatalog({ schemas: [schema], ...(signal && { signal }) });
      return [
        { snapshotAt: snapshot.takenAt, catalog },
        await inspectRows(inspecting, snapshot, catalog),
        await inspectDocuments(inspecting, { snapshot, postgres }),
        await inspectDrift(inspecting, snapshot, catalog),
      ];
    },
  );
}

async function inspectRows(
  { stores, options, parts }: Inspecting,
  snapshot: Snapshot,
  catalog: Catalog,
): Promise<Found> {
  const { registry, keyring } = stores;
  const { tables, onProgress, signal } = options;
  const { scans, notChecked } = tableScans({ registry, catalog, keyring, parts, tables });
  const found = await checkRowsIn(snapshot, scans, { onProgress, signal });
  return {
    scans,
    rows: found.rows,
    findings: found.findings,
    notChecked: [...notChecked, ...found.notChecked],
  };
}

async function inspectDocuments(
  { stores, options, parts }: Inspecting,
  rows: { readonly snapshot: Snapshot; readonly postgres: Postgres } | undefined,
): Promise<Found> {
  const { registry, firestore, keyring } = stores;
  if (firestore === undefined || !parts.has("documents")) return {};
  const { tables, connections, strategy, onProgress, signal } = options;
  return await checkDocuments(
    {
      registry,
      firestore,
      keyring,
      rows: rows && { sessions: rowSessions(rows.snapshot.connections), now: rows.postgres },
    },
    { tables, connections, strategy, onProgress, signal },
  );
}

async function inspectDrift(
  { stores, options, parts }: Inspecting,
  { connections: [connection] }: Snapshot,
  catalog: Catalog,
): Promise<Found> {
  if (!parts.has("drift") || connection === undefined) return {};
  const { registry } = stores;
  const { expected, tables } = options;
  options.onProgress?.({ kind: "step", step: "drift" });
  const sequences = await checkSequences(connection, { schema: registry.schema, tables });
  if (expected === undefined) {
    return {
      findings: sequences,
      notChecked: [
        "The live schema was not compared with the registry: there was no database to make the expected one in.",
      ],
    };
  }
  const drift = checkDrift({ registry, live: catalog, expected, tables });
  return { findings: [...drift, ...sequences] };
}

async function inspectFirestoreDrift({ stores, options, parts }: Inspecting): Promise<Found> {
  const { registry, firestore } = stores;
  if (firestore === undefined || !parts.has("drift") || options.tables !== undefined) return {};
  const { signal } = options;
  const deployed = await firestore.deployed(signal && { signal });
  return { findings: checkFirestoreDrift({ registry, files: options.firestoreFiles, deployed }) };
}

function combined(founds: readonly Found[]): Inspection {
  const sum = (key: "rows" | "documents"): number =>
    founds.reduce((all, found) => all + (found[key] ?? 0), 0);
  return {
    snapshotAt: founds.find((found) => found.snapshotAt !== undefined)?.snapshotAt,
    readTime: founds.find((found) => found.readTime !== undefined)?.readTime,
    catalog: founds.find((found) => found.catalog !== undefined)?.catalog,
    rows: sum("rows"),
    documents: sum("documents"),
    findings: founds.flatMap(({ findings = [] }) => findings),
    notChecked: [...new Set(founds.flatMap(({ notChecked = [] }) => notChecked))],
    scans: founds.flatMap(({ scans = [] }) => scans),
  };
}

/** The scans of the tables as they are now. @throws {IntegrityError} */
export async function currentScans(
  { registry, postgres, keyring }: IntegrityStores,
  { parts = checkParts, tables, signal }: CheckOptions,
): Promise<readonly TableScan[]> {
  if (postgres === undefined) return [];
  return await asIntegrityErrors(signal, async () => {
    const catalog = await postgres.readCatalog({
      schemas: [registry.schema],
      ...(signal && { signal }),
    });
    return tableScans({ registry, catalog, keyring, parts: new Set(parts), tables }).scans;
  });
}
