const numericId = /^__id(-?\d{1,19})__$/;

/**
 * Orders paths of documents as Firestore orders names: part by part, numeric ids (`__id7__`) by their number before all
 * others, and the others by their UTF-8 bytes. A document comes right before what is below it.
 */
export function compareDocumentPaths(a: string, b: string): number {
  if (a === b) return 0;
  const left = a.split("/");
  const right = b.split("/");
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const order = compareIds(left[index] ?? "", right[index] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  if (a.startsWith("__id") || b.startsWith("__id")) {
    const left = numericId.exec(a)?.[1];
    const right = numericId.exec(b)?.[1];
    if (left !== undefined && right !== undefined) return BigInt(left) < BigInt(right) ? -1 : 1;
    if (left !== undefined) return -1;
    if (right !== undefined) return 1;
  }
  return compareTexts(a, b);
}

/** By code points, which is the order of UTF-8; that of UTF-16 puts surrogates before U+E000. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    const isSurrogate = left >= 0xd8_00 && left <= 0xdf_ff;
    const isOther = right >= 0xd8_00 && right <= 0xdf_ff;
    if (isSurrogate === isOther) return left - right;
    return isSurrogate ? 1 : -1;
  }
  return a.length - b.length;
}
