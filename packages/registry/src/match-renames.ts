interface Named {
  readonly name: string;
  readonly id?: string;
  readonly renamedFrom?: string;
}

/** Which of the old things is which of the new ones. */
export interface MatchedNames {
  /** New name → old name, for all that both sides have. */
  readonly oldNames: ReadonlyMap<string, string>;
  /** Old name → new name. */
  readonly newNames: ReadonlyMap<string, string>;
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

/** Matches by `id` first, then by name, then by `renamed_from`. */
export function matchRenames(
  before: ReadonlyMap<string, Named>,
  after: ReadonlyMap<string, Named>,
): MatchedNames {
  const oldNames = new Map<string, string>();
  const newNames = new Map<string, string>();
  const match = (to: string, from: string | undefined) => {
    if (from === undefined || oldNames.has(to) || newNames.has(from)) return;
    oldNames.set(to, from);
    newNames.set(from, to);
  };
  const byId = new Map(
    [...before.values()].flatMap(({ id, name }) => (id === undefined ? [] : [[id, name] as const])),
  );
  for (const { name, id } of after.values()) if (id !== undefined) match(name, byId.get(id));
  for (const name of after.keys()) {
    // Two things with different ids are different, whatever they are called.
    const [old, current] = [before.get(name), after.get(name)];
    if (
      old !== undefined &&
      (old.id === undefined || current?.id === undefined || old.id === current.id)
    )
      match(name, name);
  }
  for (const { name, renamedFrom } of after.values()) {
    if (renamedFrom !== undefined && before.has(renamedFrom) && !after.has(renamedFrom))
      match(name, renamedFrom);
  }
  const pairs = [...oldNames].map(([to, from]) => ({ from, to }));
  return { oldNames, newNames, renamed: pairs.filter(({ from, to }) => from !== to) };
}
