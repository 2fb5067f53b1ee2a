/** The JSON Schema (draft 7) of a registry file. */
export function registryJsonSchema(): Readonly<Record<string, unknown>> {
  throw new Error("to be written");
}
