const maxBlock = 512;

/**
 * Items in an order, as a list of short lists: adding, removing and finding one among n takes about log n comparisons and
 * moves no more than a block.
 */
export class SortedList<T> {
  readonly #compare: (left: T, right: T) => number;
  readonly #blocks: T[][] = [];
  #size = 0;

  /** @param compare gives 0 for no two items of the list. */
  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    const at = this.#blockFor((other) => this.#compare(other, item));
    const block = this.#blocks[at] ?? this.#newBlock();
    block.splice(
      lowerBound(block, (other) => this.#compare(other, item)),
      0,
      item,
    );
    this.#size += 1;
    if (block.length > maxBlock) {
      this.#blocks.splice(this.#blocks.indexOf(block) + 1, 0, block.splice(maxBlock / 2));
    }
  }

  /** Removes the item that compares equal. */
  delete(item: T): void {
    const at = this.#blockFor((other) => this.#compare(other, item));
    const block = this.#blocks[at];
    if (!block) return;
    const index = lowerBound(block, (other) => this.#compare(other, item));
    const found = block[index];
    if (found === undefined || this.#compare(found, item) !== 0) return;
    block.splice(index, 1);
    this.#size -= 1;
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** All from the first that is not below (`position` gives 0 or more for it), in order. Adding meanwhile is not allowed. */
  *ascending(position: (item: T) => number = () => 0): Generator<T, void> {
    const start = this.#blockFor(position);
    for (let at = start; at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at] ?? [];
      const from = at === start ? lowerBound(block, position) : 0;
      for (let index = from; index < block.length; index += 1) {
        const item = block[index];
        if (item !== undefined) yield item;
      }
    }
  }

  /** All from the last that is not above (`position` gives 0 or less for it), against the order. */
  *descending(position: (item: T) => number = () => 0): Generator<T, void> {
    const above = (item: T): number => (position(item) > 0 ? 1 : -1);
    const start = this.#blockFor(above);
    for (let at = Math.min(start, this.#blocks.length - 1); at >= 0; at -= 1) {
      const block = this.#blocks[at] ?? [];
      const from = at === start ? lowerBound(block, above) : block.length;
      for (let index = from - 1; index >= 0; index -= 1) {
        const item = block[index];
        if (item !== undefined) yield item;
      }
    }
  }

  /** The first block whose last item is not below; the last block when all are. */
  #blockFor(position: (item: T) => number): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#blocks[middle]?.at(-1);
      if (last !== undefined && position(last) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #newBlock(): T[] {
    const block: T[] = [];
    this.#blocks.push(block);
    return block;
  }
}

/** The index of the first item for which `position` gives 0 or more. */
function lowerBound<T>(items: readonly T[], position: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && position(item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
