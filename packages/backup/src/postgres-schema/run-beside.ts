/** A piece of work, and the tables that only one piece may use at a time. */
export interface LockedWork<Item> {
  readonly item: Item;
  readonly locks: readonly string[];
}

/**
 * Runs `fn` for each item, up to `jobs` at once, never two whose locks meet, those of one lock in their order. When one fails, no
 * other begins; what runs is waited for.
 */
export async function runBeside<Item>(
  work: readonly LockedWork<Item>[],
  jobs: number,
  fn: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...work];
  const held = new Set<string>();
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const take = (): LockedWork<Item> | undefined => {
    const blocked = new Set(held);
    const index = waiting.findIndex(({ locks }) => {
      const free = !locks.some((lock) => blocked.has(lock));
      for (const lock of locks) blocked.add(lock);
      return free;
    });
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  };
  const start = ({ item, locks }: LockedWork<Item>): void => {
    for (const lock of locks) held.add(lock);
    const run = fn(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        for (const lock of locks) held.delete(lock);
        running.delete(run);
      });
    running.add(run);
  };
  for (;;) {
    while (failures.length === 0 && running.size < jobs) {
      const next = take();
      if (next === undefined) break;
      start(next);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failures.length > 0) throw failures[0];
}
