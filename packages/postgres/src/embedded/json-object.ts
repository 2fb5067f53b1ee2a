/** An object of unknown members, read from JSON text; `undefined` when the text is something else. */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The member when it is a string, else `undefined`. */
export function stringIn(
  object: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const value = object[name];
  return typeof value === "string" ? value : undefined;
}

/** The member when it is a number, else `undefined`. */
export function numberIn(
  object: Readonly<Record<string, unknown>>,
  name: string,
): number | undefined {
  const value = object[name];
  return typeof value === "number" ? value : undefined;
}
