import type { Registry } from "./registry.ts";

/** A Markdown page about every table, enum and collection. */
export function renderMarkdown(registry: Registry): string {
  throw new Error(`to be written ${registry.schema}`);
}
