/** A thing that gets another name, within one namespace. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

/**
 * The same renames in an order in which no name is taken twice: chains from their end, circles over a name in between.
 */
export function renameSteps(renames: readonly Rename[]): readonly Rename[] {
  const steps: Rename[] = [];
  let waiting = renames.filter(({ from, to }) => from !== to);
  while (waiting.length > 0) {
    const taken = new Set(waiting.map(({ from }) => from));
    const free = waiting.filter(({ to }) => !taken.has(to));
    if (free.length > 0) {
      steps.push(...free);
      waiting = waiting.filter((rename) => !free.includes(rename));
      continue;
    }
    const [first, ...others] = waiting;
    if (!first) break;
    const between = temporaryName(taken);
    steps.push({ from: first.from, to: between });
    waiting = [...others, { from: between, to: first.to }];
  }
  return steps;
}

function temporaryName(taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = `ctb_rename_${number}`;
    if (!taken.has(name)) return name;
  }
}
