const maxBlock = 512;
/** Leaves room to add to. */
const filledBlock = 384;

/**
 * Items in an order, as a list of short lists: adding, removing and finding one among n takes about log n comparisons and
 * moves no more than a block.
 */
export class SortedList<T> {
  readonly #compare: (left: T, right: T) => number;
  readonly #blocks: T[][] = [];
  #size = 0;

  /**
   * @param compare gives 0 for no two items of the list.
   * @param items what is in it at first, in its order already.
   */
  constructor(compare: (left: T, right: T) => number, items: readonly T[] = []) {
    this.#compare = compare;
    for (let at = 0; at < items.length; at += filledBlock) {
      this.#blocks.push(items.slice(at, at + filledBlock));
    }
    this.#size = items.length;
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
    const [at, index] = this.#find(item);
    const block = this.#blocks[at];
    if (!block || index === -1) return;
    block.splice(index, 1);
    this.#size -= 1;
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** Puts the item in the place of the one that compares equal to `old`, which it must compare equal to. */
  replace(old: T, item: T): void {
    const [at, index] = this.#find(old);
    const block = this.#blocks[at];
    if (block && index !== -1) block[index] = item;
  }

  /** How many items are below (`position` gives less than 0 for them). */
  countBelow(position: (item: T) => number): number {
    const at = this.#blockFor(position);
    let count = 0;
    for (let index = 0; index < at; index += 1) count += this.#blocks[index]?.length ?? 0;
    return count + lowerBound(this.#blocks[at] ?? [], position);
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

  /** The block and the place in it of the item that compares equal; a place of -1 when there is none. */
  #find(item: T): readonly [number, number] {
    const at = this.#blockFor((other) => this.#compare(other, item));
    const block = this.#blocks[at] ?? [];
    const index = lowerBound(block, (other) => this.#compare(other, item));
    const found = block[index];
    return [at, found !== undefined && this.#compare(found, item) === 0 ? index : -1];
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
