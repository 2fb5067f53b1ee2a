import type { Registry } from "./registry.ts";

/** A Mermaid `erDiagram`. */
export function renderErd(registry: Registry): string {
  throw new Error(`to be written ${registry.schema}`);
}
