import { isObject } from "./raw-fields.ts";

/** The text of a raw value that all spellings of it have: members in one order, times without zeros at their end. */
export function canonicalRaw(raw: unknown): string {
  return JSON.stringify(raw, (_, part: unknown) => {
    if (Object.is(part, -0)) return "-0";
    if (!isObject(part)) return part;
    const { timestampValue } = part;
    if (typeof timestampValue === "string")
      return { timestampValue: timestampValue.replace(/\.?0*Z$/, "Z") };
    const names = Object.keys(part).toSorted();
    return Object.fromEntries(names.map((name) => [name, part[name]]));
  });
}
