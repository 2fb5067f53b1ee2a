/** One way to call a method over HTTP, as google.api.http writes it: `{"post": "/v1/…", "body": "*"}`. */
export type HttpRule = Readonly<Record<string, string>>;

/** The rules that a description of the service gives its methods, by their names, additional bindings among them. */
export function httpRulesOf(description: unknown): Readonly<Record<string, readonly HttpRule[]>> {
  const path = ["google", "firestore", "v1", "Firestore"].flatMap((name) => ["nested", name]);
  const methods = [...path, "methods"].reduce(property, description);
  return Object.fromEntries(
    Object.entries(methods ?? {}).map(([name, method]) => {
      const options: unknown = property(method, "parsedOptions");
      const rules = Array.isArray(options)
        ? options.flatMap((option) => bindingsOf(property(option, "(google.api.http)")))
        : [];
      return [name, rules];
    }),
  );
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function bindingsOf(rule: unknown): readonly HttpRule[] {
  if (typeof rule !== "object" || rule === null) return [];
  const texts = Object.entries(rule).filter(([, value]) => typeof value === "string");
  const more: unknown = property(rule, "additional_bindings") ?? [];
  const others: readonly unknown[] = Array.isArray(more) ? more : [more];
  return [Object.fromEntries(texts), ...others.flatMap(bindingsOf)];
}
