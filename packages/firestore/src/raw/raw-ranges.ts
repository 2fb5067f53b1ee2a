import { compareDocumentPaths } from "../compare-document-paths.ts";
import type { RawRange, RawRangeOptions } from "../raw.ts";
import { codeOf } from "./passing-failure.ts";
import type { RawCalls } from "./raw-calls.ts";
import { partitionQueryRequest, readPartitions } from "./raw-requests.ts";
import { readRange } from "./read-range.ts";
import type { WireTime } from "./time-text.ts";

/** No id is before it, and none may be it: it is what the SDK starts with, too. */
const firstId = "__id-9223372036854775808__";
const unimplemented = 12;
/** So many collection ids are asked for partitions: each is a request. */
const mostGroups = 100;
/** Where it is looked what collections there are below the root's, and at how many documents. */
const probedPlaces = 4;
const probedDocuments = 200;

/** The names of a collection and all that is below it. */
export function rangeOfCollection(path: string): RawRange {
  return { start: `${path}/${firstId}`, end: `${path}\0/${firstId}` };
}

export interface RangesTask {
  readonly calls: RawCalls;
  readonly readTime: WireTime;
  /** The root collections; one in their place when only that is wanted. */
  readonly collections: readonly string[];
  readonly options: RawRangeOptions;
}

/**
 * Splits at the first names of root collections, and at the cursors that the server gives for each collection id. Cursors are
 * names, and a name splits all documents, whatever their collections.
 */
export async function rangesOf(task: RangesTask): Promise<readonly RawRange[]> {
  const { collection, group, wanted = 1 } = task.options;
  if (group !== undefined) return await rangesOfGroup(task, group, wanted);
  const whole: RawRange =
    collection === undefined ? { start: undefined, end: undefined } : rangeOfCollection(collection);
  if (wanted <= 1) return [whole];
  const starts = task.collections.map((id) => `${id}/${firstId}`);
  const cursors = await cursorsOf(task, wanted);
  const inside = [...new Set([...starts, ...cursors])]
    .filter((path) => isInside(path, whole))
    .toSorted(compareDocumentPaths);
  return splitAt(inside, whole, wanted);
}

async function rangesOfGroup(
  task: RangesTask,
  group: string,
  wanted: number,
): Promise<readonly RawRange[]> {
  const whole: RawRange = { start: undefined, end: undefined, group };
  const cursors = wanted <= 1 ? undefined : await partitionsOf(task, group, wanted);
  return splitAt([...new Set(cursors)].toSorted(compareDocumentPaths), whole, wanted);
}

/** @param inside names within the range, in their order. */
function splitAt(inside: readonly string[], whole: RawRange, wanted: number): readonly RawRange[] {
  const bounds = everyNth(inside, Math.ceil((inside.length + 1) / wanted));
  return [...bounds, whole.end].map((end, index) => ({
    ...whole,
    start: index === 0 ? whole.start : bounds[index - 1],
    end,
  }));
}

function isInside(path: string, { start, end }: RawRange): boolean {
  return (
    (start === undefined || compareDocumentPaths(path, start) > 0) &&
    (end === undefined || compareDocumentPaths(path, end) < 0)
  );
}

function everyNth(bounds: readonly string[], step: number): readonly string[] {
  return bounds.filter((_, index) => index % step === step - 1);
}

async function cursorsOf(task: RangesTask, wanted: number): Promise<ReadonlySet<string>> {
  const cursors = new Set<string>();
  const roots = task.collections.map((path) => idOf(path)).slice(0, mostGroups);
  const asked = new Set<string>();
  const ask = async (ids: Iterable<string>): Promise<boolean> => {
    for (const id of ids) {
      if (asked.has(id) || asked.size >= mostGroups) continue;
      asked.add(id);
      const found = await partitionsOf(task, id, wanted);
      if (found === undefined) return false;
      for (const path of found) cursors.add(path);
    }
    return true;
  };
  if (await ask(roots)) await ask(await idsBelow(task, [...cursors]));
  return cursors;
}

const idOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Undefined where the server does not partition, as the official emulator. */
async function partitionsOf(
  { calls, readTime, options }: RangesTask,
  collectionId: string,
  wanted: number,
): Promise<readonly string[] | undefined> {
  const { database } = calls;
  const prefix = `${database}/documents/`;
  const found: string[] = [];
  let pageToken = "";
  do {
    const request = { database, collectionId, partitions: wanted, readTime, pageToken };
    const page = await calls
      .tried("PartitionQuery", partitionQueryRequest(request), options.signal)
      .catch((error: unknown) => {
        if (codeOf(error) === unimplemented) return undefined;
        throw error;
      });
    if (page === undefined) return undefined;
    const { texts, nextPageToken } = readPartitions(page);
    found.push(...texts.map((name) => name.slice(prefix.length)));
    pageToken = nextPageToken;
  } while (pageToken !== "");
  return found;
}

/** The ids of collections that some documents are in: those that have many are likely to be met. */
async function idsBelow(
  { calls, readTime, collections, options: { signal } }: RangesTask,
  cursors: readonly string[],
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  const roots = collections.slice(0, probedPlaces).map((id) => `${id}/${firstId}`);
  const places = [...roots, ...everyNth(cursors, Math.ceil((cursors.length + 1) / probedPlaces))];
  for (const start of places) {
    const reading = { range: { start, end: undefined }, readTime, namesOnly: true };
    for await (const { lines } of readRange(calls, reading, { limit: probedDocuments, signal }))
      for (const { path } of lines)
        for (const [index, id] of path.split("/").entries()) if (index % 2 === 0) ids.add(id);
  }
  return ids;
}
