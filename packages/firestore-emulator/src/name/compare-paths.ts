import { compareUnits, compareUtf8 } from "../value/compare-utf8.ts";

const slash = 47;
const numericPrefix = "__id";
const numericId = /^__id(-?\d+)__$/u;

/** The order of two ids: the numbers that Datastore mode makes (`__id7__`) first and by value, then strings by their UTF-8. */
export function compareIds(left: string, right: string): number {
  if (left === right) return 0;
  const leftNumber = left.startsWith(numericPrefix) ? numericId.exec(left)?.[1] : undefined;
  const rightNumber = right.startsWith(numericPrefix) ? numericId.exec(right)?.[1] : undefined;
  if (leftNumber === undefined && rightNumber === undefined) return compareUtf8(left, right);
  if (leftNumber === undefined) return 1;
  if (rightNumber === undefined) return -1;
  return BigInt(leftNumber) < BigInt(rightNumber) ? -1 : 1;
}

/** The order of two names or paths, id by id; a document comes before what is below it. */
export function comparePaths(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  let index = 0;
  let start = 0;
  while (index < length && left.charCodeAt(index) === right.charCodeAt(index)) {
    index += 1;
    if (left.charCodeAt(index - 1) === slash) start = index;
  }
  if (index === left.length && index === right.length) return 0;
  if (left.startsWith(numericPrefix, start) || right.startsWith(numericPrefix, start)) {
    return compareIds(idAt(left, start), idAt(right, start)) || left.length - right.length;
  }
  if (index === left.length) return -1;
  if (index === right.length) return 1;
  const a = left.charCodeAt(index);
  const b = right.charCodeAt(index);
  if (a === slash) return -1;
  return b === slash ? 1 : compareUnits(a, b);
}

function idAt(path: string, start: number): string {
  const end = path.indexOf("/", start);
  return end === -1 ? path.slice(start) : path.slice(start, end);
}
