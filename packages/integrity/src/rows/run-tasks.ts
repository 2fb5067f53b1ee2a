import type { Connection } from "@ctb-data/postgres";

/** A piece of work for one session. */
export interface RowsTask {
  /** The larger, the sooner. */
  readonly weight: number;
  /** @returns what is to be done next because of it. */
  readonly run: (connection: Connection) => Promise<readonly RowsTask[]>;
}

/**
 * Works on tasks with all sessions at once, the heaviest first, until none is left.
 *
 * @param stop is called with the first failure, so that what runs beside it ends.
 * @throws that failure, when all sessions are still.
 */
export async function runTasks(
  connections: readonly Connection[],
  tasks: readonly RowsTask[],
  stop: () => void,
): Promise<void> {
  const waiting = [...tasks];
  const idle: (() => void)[] = [];
  let running = 0;
  let failure: { readonly error: unknown } | undefined;
  const wakeAll = (): void => {
    for (const wake of idle.splice(0)) wake();
  };
  const work = async (connection: Connection): Promise<void> => {
    while (failure === undefined) {
      const task = takeHeaviest(waiting);
      if (!task) {
        if (running === 0) return;
        await new Promise<void>((resolve) => void idle.push(resolve));
        continue;
      }
      running += 1;
      try {
        waiting.push(...(await task.run(connection)));
      } catch (error) {
        failure ??= { error };
        stop();
      }
      running -= 1;
      wakeAll();
    }
  };
  await Promise.all(connections.map(work));
  if (failure !== undefined) throw failure.error;
}

function takeHeaviest(tasks: RowsTask[]): RowsTask | undefined {
  let best = 0;
  for (const [index, { weight }] of tasks.entries())
    if (weight > (tasks[best]?.weight ?? 0)) best = index;
  return tasks.splice(best, 1)[0];
}
