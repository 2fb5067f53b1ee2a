/** Characters of which ids are made that can be cut between, in their order. A dot alone is no id, and a slash ends one. */
const letters: readonly string[] = Array.from({ length: 94 }, (_, index) =>
  String.fromCodePoint(33 + index),
).filter((letter) => letter !== "." && letter !== "/");

/** Longer beginnings that all ids have are not gone through. */
const longest = 64;
/** How many characters are found out behind those that the first id has, too. */
const depth = 4;

/**
 * The beginning of the last id of a collection, as far as it matters for cutting it into parts. Firestore reads names only forwards, so this asks
 * whether there is any document from a name on: some thirty times.
 *
 * @returns undefined where ids have other characters than those of ASCII.
 */
export async function beginningOfLastId(
  first: string,
  isThereFrom: (id: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (await isThereFrom("\u007f")) return undefined;
  let last = "";
  let differing = 0;
  while (last.length < longest && differing < depth) {
    const same = differing === 0 ? first[last.length] : undefined;
    const from = same === undefined ? 0 : letters.indexOf(same) + 1;
    const letter = await greatestLetter(from, async (id) => await isThereFrom(last + id));
    if (letter !== undefined) {
      last += letter;
      differing += 1;
    } else if (same === undefined) return last;
    else last += same;
  }
  return last;
}

/** The greatest letter from a place on from which there is something. */
async function greatestLetter(
  from: number,
  isThereFrom: (letter: string) => Promise<boolean>,
): Promise<string | undefined> {
  let [low, high] = [from, letters.length];
  while (low < high) {
    // The first question is whether there is anything at all: mostly all ids begin alike, or with any letter.
    const middle = low === from ? low : Math.floor((low + high) / 2);
    const letter = letters[middle];
    if (letter !== undefined && (await isThereFrom(letter))) low = middle + 1;
    else high = middle;
  }
  return low === from ? undefined : letters[low - 1];
}
