/**
 * The order of two strings by the bytes of their UTF-8, which is the order of their code points. JavaScript's own order is
 * of UTF-16 units and differs where surrogates meet U+E000 to U+FFFF.
 */
export function compareUtf8(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return compareUnits(a, b);
  }
  return left.length - right.length;
}

/** The same order for two UTF-16 units that differ, the first of two strings that do. */
export function compareUnits(left: number, right: number): number {
  if (isSurrogate(left) === isSurrogate(right)) return left - right;
  return isSurrogate(left) ? 1 : -1;
}

/** Half of a code point above U+FFFF, and so above every unit that is none. */
function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
