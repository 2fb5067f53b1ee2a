/** Two that belong together: what is expected, and what is there. */
export interface Pair<Expected, Live> {
  readonly expected: Expected;
  readonly live: Live;
}

/** How the parts of two sides belong together. */
export interface Pairs<Expected, Live> {
  readonly same: readonly Pair<Expected, Live>[];
  /** The same but for the name. */
  readonly renamed: readonly Pair<Expected, Live>[];
  /** The same name, and something else behind it. */
  readonly different: readonly Pair<Expected, Live>[];
  readonly missing: readonly Expected[];
  readonly unknown: readonly Live[];
}

interface Named {
  readonly name: string;
}

/**
 * Pairs parts by what they are, and only what is left by name: what has another name but does the same is neither missing nor
 * unknown.
 */
export function pairParts<Expected extends Named, Live extends Named>(
  expected: readonly Expected[],
  live: readonly Live[],
  isSame: (expected: Expected, live: Live) => boolean,
): Pairs<Expected, Live> {
  const missing = new Set(expected);
  const unknown = new Set(live);
  const take = (fits: (one: Expected, other: Live) => boolean): readonly Pair<Expected, Live>[] => {
    const pairs: Pair<Expected, Live>[] = [];
    for (const one of missing) {
      const other = [...unknown].find((candidate) => fits(one, candidate));
      if (other === undefined) continue;
      missing.delete(one);
      unknown.delete(other);
      pairs.push({ expected: one, live: other });
    }
    return pairs;
  };
  const same = take((one, other) => one.name === other.name && isSame(one, other));
  const renamed = take(isSame);
  const different = take((one, other) => one.name === other.name);
  return { same, renamed, different, missing: [...missing], unknown: [...unknown] };
}
