import type { TableToLoad } from "./restore-rows.ts";

/** A part, and the table that it belongs to. */
export interface PartToLoad {
  readonly load: TableToLoad;
  readonly part: TableToLoad["table"]["parts"][number];
}

/**
 * Parts in the order in which they are loaded best: each time one of the table that has most left, but of a table that nobody is
 * loading, if there is one. Sessions that fill the same table wait for each other, and mix their rows; within a table the order
 * is that of the archive.
 */
export class PartQueue {
  readonly #waiting: Map<TableToLoad, PartToLoad[]>;
  readonly #loading = new Map<TableToLoad, number>();

  constructor(loads: readonly TableToLoad[]) {
    this.#waiting = new Map(
      loads.map((load) => [load, load.table.parts.map((part) => ({ load, part }))]),
    );
  }

  get length(): number {
    return [...this.#waiting.values()].reduce((sum, parts) => sum + parts.length, 0);
  }

  take(): PartToLoad | undefined {
    const [best] = [...this.#waiting]
      .filter(([, parts]) => parts.length > 0)
      .toSorted(
        ([left, leftParts], [right, rightParts]) =>
          this.#loaders(left) - this.#loaders(right) || bytesOf(rightParts) - bytesOf(leftParts),
      );
    const task = best?.[1].shift();
    if (task) this.#loading.set(task.load, this.#loaders(task.load) + 1);
    return task;
  }

  /** It is loaded. */
  done({ load }: PartToLoad): void {
    this.#loading.set(load, this.#loaders(load) - 1);
    if (this.#waiting.get(load)?.length === 0) this.#waiting.delete(load);
  }

  /** Nothing more is given. */
  clear(): void {
    this.#waiting.clear();
  }

  #loaders(load: TableToLoad): number {
    return this.#loading.get(load) ?? 0;
  }
}

function bytesOf(parts: readonly PartToLoad[]): number {
  return parts.reduce((sum, { part }) => sum + part.plainBytes, 0);
}
