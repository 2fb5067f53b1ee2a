/** Things of backups, by the series that they belong to, in the order of the first of each. */
export function bySource<Item extends { readonly sourceId: string }>(
  items: readonly Item[],
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(item.sourceId);
    if (group === undefined) groups.set(item.sourceId, [item]);
    else group.push(item);
  }
  return groups;
}
