import type { RegistryChange } from "./registry-change.ts";
import type { Registry } from "./registry.ts";

/** What leads from `before` to `after`. */
export function diffRegistries(before: Registry, after: Registry): readonly RegistryChange[] {
  throw new Error(`to be written ${before.schema} ${after.schema}`);
}

/** One sentence about a change, for people. */
export function describeChange(change: RegistryChange): string {
  return change.kind;
}
