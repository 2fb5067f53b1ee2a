import { isPlain } from "./write-values.ts";

/**
 * Makes what the SDK read be what documents are typed as, in place: an integer within 2^53 is a number, only one beyond
 * it stays a bigint. The SDK was told to read all of them as bigints, because it would round.
 */
export function narrowIntegers(data: object): void {
  for (const [key, value] of Object.entries(data)) {
    const narrow = narrowed(value);
    if (narrow !== value) Object.assign(data, { [key]: narrow });
  }
}

/** The same of one value. */
export function narrowed(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    for (let index = 0; index < list.length; index += 1) list[index] = narrowed(list[index]);
  } else if (isPlain(value)) narrowIntegers(value);
  return value;
}
