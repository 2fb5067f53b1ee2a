import { compareUtf8 } from "../value/compare-utf8.ts";

const numericId = /^__id(-?\d+)__$/u;

/** The order of two ids: the numbers that Datastore mode makes (`__id7__`) first and by value, then strings by their UTF-8. */
export function compareIds(left: string, right: string): number {
  if (left === right) return 0;
  const leftNumber = left.startsWith("__id") ? numericId.exec(left)?.[1] : undefined;
  const rightNumber = right.startsWith("__id") ? numericId.exec(right)?.[1] : undefined;
  if (leftNumber === undefined && rightNumber === undefined) return compareUtf8(left, right);
  if (leftNumber === undefined) return 1;
  if (rightNumber === undefined) return -1;
  return BigInt(leftNumber) < BigInt(rightNumber) ? -1 : 1;
}

/** The order of two names or paths, id by id; a document comes before what is below it. */
export function comparePaths(left: string, right: string): number {
  if (left === right) return 0;
  const ours = left.split("/");
  const theirs = right.split("/");
  const length = Math.min(ours.length, theirs.length);
  for (let index = 0; index < length; index += 1) {
    const difference = compareIds(ours[index] ?? "", theirs[index] ?? "");
    if (difference !== 0) return difference;
  }
  return ours.length - theirs.length;
}
