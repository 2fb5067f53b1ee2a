/** The groups of two or more nodes that all need each other, each sorted. Tarjan's algorithm, without recursion. */
export function findCycles(
  edges: ReadonlyMap<string, ReadonlySet<string>>,
): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const cycles: string[][] = [];

  const open = (node: string): { node: string; rest: Iterator<string> } => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    stack.push(node);
    onStack.add(node);
    return { node, rest: (edges.get(node) ?? new Set<string>()).values() };
  };
  const lower = (node: string, to: number): void => {
    low.set(node, Math.min(low.get(node) ?? 0, to));
  };
  const close = (node: string): void => {
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.lastIndexOf(node));
    for (const member of group) onStack.delete(member);
    if (group.length > 1) cycles.push(group.toSorted());
  };

  for (const start of edges.keys()) {
    if (index.has(start)) continue;
    const frames = [open(start)];
    for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
      const next = frame.rest.next();
      if (next.done === true) {
        frames.pop();
        close(frame.node);
        const parent = frames.at(-1);
        if (parent) lower(parent.node, low.get(frame.node) ?? 0);
      } else if (!index.has(next.value)) frames.push(open(next.value));
      else if (onStack.has(next.value)) lower(frame.node, index.get(next.value) ?? 0);
    }
  }
  return cycles;
}
