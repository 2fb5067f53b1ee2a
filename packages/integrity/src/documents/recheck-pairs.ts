import type { Firestore } from "@ctb-data/firestore";
import type { Queryable } from "@ctb-data/postgres";
import type { CollectionJudge } from "./collection-judge.ts";
import type { DocumentCase, ScannedDocument } from "./document-case.ts";
import { idFaultOf } from "./document-id.ts";
import type { DocumentProblem } from "./document-subject.ts";
import { documentsByPath } from "./present-documents.ts";
import type { ScannedRow, SourceRow } from "./row-source.ts";

/** How often a pair is looked at that is changed each time. */
const mostLooks = 4;

export interface Rechecking {
  readonly judge: CollectionJudge;
  readonly firestore: Firestore;
  /** Sees what was committed since. */
  readonly rows: Queryable;
  readonly signal: AbortSignal | undefined;
}

/** What is still so. */
export interface Rechecked {
  /** With the document and the row as they are now, and the problems that both looks agree on. */
  readonly cases: readonly DocumentCase[];
  /** Those that somebody changed each time that they were looked at. */
  readonly unsettled: number;
}

/**
 * Looks again at documents and rows between which something was wrong. The document is read before the row and behind it: what it
 * is both times was so when the row was read. A document that was changed between is looked at again.
 *
 * @throws {FirestoreError} @throws {PostgresError}
 */
export async function recheckPairs(
  cases: readonly DocumentCase[],
  rechecking: Rechecking,
): Promise<Rechecked> {
  const settled: DocumentCase[] = [];
  let open = cases;
  for (let look = 0; look < mostLooks && open.length > 0; look += 1) {
    const { confirmed, changed } = await lookAgain(open, rechecking);
    settled.push(...confirmed);
    open = changed;
  }
  return { cases: settled, unsettled: open.length };
}

async function lookAgain(
  cases: readonly DocumentCase[],
  rechecking: Rechecking,
): Promise<{
  readonly confirmed: readonly DocumentCase[];
  readonly changed: readonly DocumentCase[];
}> {
  const before = await documentsOf(cases, rechecking);
  const rows = await rowsOf(cases, rechecking);
  const found = cases.flatMap((first): readonly DocumentCase[] => {
    const document = before.get(first.path);
    const row = rows.get(first.id);
    const problems = bothFound(first.problems, rechecking.judge.pairProblems(document, row));
    return problems.length === 0 ? [] : [{ ...first, document, row, problems }];
  });
  if (found.length === 0) return { confirmed: [], changed: [] };
  const after = await documentsOf(found, rechecking);
  const isSame = ({ path, document }: DocumentCase): boolean =>
    after.get(path)?.updateTimeUs === document?.updateTimeUs;
  const confirmed = found.filter(isSame);
  const changed = new Set(found.filter((each) => !isSame(each)).map(({ path }) => path));
  return { confirmed, changed: cases.filter(({ path }) => changed.has(path)) };
}

/** The problems of the second look that the first one had, too. */
function bothFound(
  first: readonly DocumentProblem[],
  second: readonly DocumentProblem[],
): readonly DocumentProblem[] {
  const ids = new Set(first.map(({ subject }) => subject.id));
  return second.filter(({ subject }) => ids.has(subject.id));
}

async function documentsOf(
  cases: readonly DocumentCase[],
  { firestore, judge, signal }: Rechecking,
): Promise<ReadonlyMap<string, ScannedDocument>> {
  const paths = cases.filter(({ id }) => idFaultOf(id) === undefined).map(({ path }) => path);
  if (paths.length === 0) return new Map();
  const snapshot = await firestore.raw.snapshot({ signal });
  const lines = await documentsByPath(snapshot, paths, signal);
  return new Map([...lines].map(([path, read]) => [path, judge.read(read)]));
}

async function rowsOf(
  cases: readonly DocumentCase[],
  { judge, rows: db, signal }: Rechecking,
): Promise<ReadonlyMap<string, ScannedRow>> {
  const source = judge.rows?.source;
  if (source === undefined) return new Map();
  const ids = cases.map(({ id }) => id).filter((id) => source.key.fits(id));
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<SourceRow>(source.single, [ids], signal && { signal });
  return new Map(rows.map((row) => source.read(row)).map((row) => [row.id, row]));
}
