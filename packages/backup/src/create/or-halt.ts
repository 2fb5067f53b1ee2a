/** Runs `fn`. Its failure aborts what runs beside it, and is the abort's reason when nobody failed before. */
export async function orHalt<T>(halt: AbortController, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    halt.abort(error);
    throw error;
  }
}
