import type { PipelineStores } from "../work-options.ts";
import type { StoredBlueprint } from "./run-record.ts";

/**
 * Finds the newest row of `blueprints` of type `imo` that holds this blueprint, or inserts one; two at once insert one.
 *
 * @throws {RegistryError} INVALID_BLUEPRINT with all problems, with line and column.
 * @throws {PipelineError} MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export declare function storeBlueprint(
  stores: PipelineStores,
  blueprint: { readonly text: string; readonly file: string },
): Promise<StoredBlueprint>;
