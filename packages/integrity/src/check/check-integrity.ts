import type { IntegrityStores } from "../work-options.ts";
import type { CheckOptions, IntegrityReport } from "./check-options.ts";
import { inspectIntegrity } from "./inspect-integrity.ts";
import { plannedFindings } from "./planned-findings.ts";

/**
 * Looks for everything in both stores that the registry forbids, that leads nowhere, or that is not as the registry says. It only reads:
 * the rows of one snapshot, and the documents of one moment. No constraint and no index is taken for granted.
 *
 * @throws {IntegrityError} INVALID_OPTIONS, POOLED_HOST, STATEMENT_TIMEOUT, LOCK_TIMEOUT, DENIED, DATABASE_FAILED, FIRESTORE_FAILED,
 * CANCELLED. What is wrong in the data is in the report.
 */
export async function checkIntegrity(
  stores: IntegrityStores,
  options: CheckOptions = {},
): Promise<IntegrityReport> {
  const inspection = await inspectIntegrity(stores, options);
  const { snapshotAt, readTime, rows, documents, notChecked } = inspection;
  const findings = plannedFindings(stores, inspection, options.strategy ?? "quarantine");
  const ok = findings.every(({ severity }) => severity === "note");
  return { ok, snapshotAt, readTime, rows, documents, findings, notChecked };
}
