import type { Transaction } from "@ctb-data/postgres";

/**
 * Does something for many; when they are refused, for each half of them, so that in the end those that cannot be are alone.
 *
 * @param parts `isRefusal` says which errors are about the items; all others are thrown on. `refused` gets an item and its error.
 */
export async function isolate<T>(
  tx: Transaction,
  items: readonly T[],
  parts: {
    readonly attempt: (tx: Transaction, items: readonly T[]) => Promise<void>;
    readonly isRefusal: (error: unknown) => boolean;
    readonly refused: (item: T, error: unknown) => void;
    /** Whether the same is to be tried once more. */
    readonly again?: (error: unknown) => boolean;
  },
): Promise<void> {
  if (items.length === 0) return;
  try {
    await tx.transaction(async (inner) => await parts.attempt(inner, items));
  } catch (error) {
    if (parts.again?.(error) === true) {
      await isolate(tx, items, parts);
      return;
    }
    if (!parts.isRefusal(error)) throw error;
    const [only, ...others] = items;
    if (only !== undefined && others.length === 0) {
      parts.refused(only, error);
      return;
    }
    const middle = Math.ceil(items.length / 2);
    await isolate(tx, items.slice(0, middle), parts);
    await isolate(tx, items.slice(middle), parts);
  }
}
