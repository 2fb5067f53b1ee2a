import type { RawSnapshot } from "@ctb-data/firestore";
import { idFaultOf } from "./document-id.ts";
import { linesOf } from "./document-lines.ts";

/** So many documents Firestore gives by name at once. */
const mostNames = 100;

/** Which of some documents are there. @throws {FirestoreError} */
export async function presentDocuments(
  snapshot: RawSnapshot,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  const possible = paths.filter((path) =>
    path.split("/").every((id) => idFaultOf(id) === undefined),
  );
  for (let start = 0; start < possible.length; start += mostNames) {
    const { lines } = await snapshot.get(possible.slice(start, start + mostNames), { signal });
    for (const { path } of lines) there.add(path);
  }
  return there;
}

/** Single documents, by their paths. @throws {FirestoreError} */
export async function documentsByPath(
  snapshot: RawSnapshot,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<
  ReadonlyMap<
    string,
    { readonly path: string; readonly line: string; readonly updateTimeUs: number }
  >
> {
  const found = new Map<
    string,
    { readonly path: string; readonly line: string; readonly updateTimeUs: number }
  >();
  for (let start = 0; start < paths.length; start += mostNames) {
    const batch = await snapshot.get(paths.slice(start, start + mostNames), { signal });
    for (const document of linesOf(batch)) found.set(document.path, document);
  }
  return found;
}
