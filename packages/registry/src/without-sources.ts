/** A value without the places (`source`) that it was read from, so that two of them can be compared. */
export function withoutSources(value: unknown): unknown {
  if (value instanceof Map) {
    return new Map(
      [...value].map(([key, inner]): [unknown, unknown] => [key, withoutSources(inner)]),
    );
  }
  if (Array.isArray(value)) return value.map(withoutSources);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "source");
  return Object.fromEntries(
    entries.map(([key, inner]): [string, unknown] => [key, withoutSources(inner)]),
  );
}
