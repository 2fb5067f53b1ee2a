import type { PipelineStores } from "../work-options.ts";
import type { StoredBlueprint } from "./run-record.ts";

/**
 * Reads and checks the blueprint of a row of `blueprints`.
 *
 * @throws {PipelineError} NOT_FOUND; INVALID_BLUEPRINT for a row of another type or a `config` that is no blueprint; MISSING_TABLES,
 * DENIED, DATABASE_FAILED
 */
export declare function readBlueprint(stores: PipelineStores, id: number): Promise<StoredBlueprint>;
