/** What one document had, as a client saw it: `undefined` when it was not there. */
export type Seen = bigint | undefined;

/** What one client has done, as it knows it: everything at `time`, which the server has told. */
export interface HistoryEvent {
  /** For the text of a problem. */
  readonly name: string;
  /** Microseconds: of the commit, or of what was read when there was none. */
  readonly time: number;
  readonly isCommit: boolean;
  /** The places of its beginning and its end among those of all others. */
  readonly began: number;
  readonly ended: number;
  readonly reads: ReadonlyMap<string, Seen>;
  /** All that was found where the names begin so. */
  readonly queries: readonly {
    readonly prefix: string;
    readonly found: ReadonlyMap<string, bigint>;
  }[];
  readonly writes: ReadonlyMap<string, Seen>;
}

/**
 * What is wrong with a history: whether doing all of it one after the other, in the order of its times, would have given each
 * client what it saw, and whether that order is the one in which clients could see things happen (strict serializability).
 *
 * @param final what the documents are at the end.
 */
export function problemsOf(
  events: readonly HistoryEvent[],
  final: ReadonlyMap<string, bigint>,
): string[] {
  const problems: string[] = [];
  const state = new Map<string, bigint>();
  // At one time, what only reads comes after what was committed then.
  const ordered = events.toSorted(
    (left, right) => left.time - right.time || Number(right.isCommit) - Number(left.isCommit),
  );
  let before: HistoryEvent | undefined;
  for (const event of ordered) {
    if (before?.isCommit && event.isCommit && before.time === event.time) {
      problems.push(`${before.name} and ${event.name} have one time`);
    }
    problems.push(...wrongReads(event, state));
    for (const [path, value] of event.writes) {
      if (value === undefined) state.delete(path);
      else state.set(path, value);
    }
    before = event;
  }
  if (!isSame(state, final)) problems.push(`at the end: ${textOf(final)}, not ${textOf(state)}`);
  return [...problems, ...outOfOrder(ordered)];
}

function wrongReads(event: HistoryEvent, state: ReadonlyMap<string, bigint>): string[] {
  const problems: string[] = [];
  for (const [path, value] of event.reads) {
    if (state.get(path) !== value) {
      problems.push(`${event.name} read ${path}: ${value}, not ${state.get(path)}`);
    }
  }
  for (const { prefix, found } of event.queries) {
    const expected = new Map([...state].filter(([path]) => path.startsWith(prefix)));
    if (!isSame(expected, found)) {
      problems.push(`${event.name} found ${textOf(found)}, not ${textOf(expected)}`);
    }
  }
  return problems;
}

/** What was over before another began must not be after it. */
function outOfOrder(ordered: readonly HistoryEvent[]): string[] {
  const problems: string[] = [];
  let latestBeginning: HistoryEvent | undefined;
  for (const event of ordered) {
    if (latestBeginning && event.ended < latestBeginning.began) {
      problems.push(`${event.name} was over before ${latestBeginning.name} began, and is after it`);
    }
    if (!latestBeginning || event.began > latestBeginning.began) latestBeginning = event;
  }
  return problems;
}

function isSame(left: ReadonlyMap<string, bigint>, right: ReadonlyMap<string, bigint>): boolean {
  return left.size === right.size && [...left].every(([path, value]) => right.get(path) === value);
}

function textOf(values: ReadonlyMap<string, bigint>): string {
  const texts = [...values].map(([path, value]) => `${path}: ${value}`);
  return `{${texts.toSorted().join(", ")}}`;
}
