export type * from "./blueprint.ts";
export {
  checkRegistry,
  type CheckedRegistry,
  type CheckOptions,
  type RegistryFile,
} from "./check-registry.ts";
export { formatColumnType, parseColumnType, type ParsedColumnType } from "./column-type.ts";
export {
  columnTypes,
  type ColumnTypeName,
  type FirestoreType,
  type ValueKind,
} from "./column-types.ts";
export { describeChange } from "./describe-change.ts";
export { documentTypesOf } from "./document-types.ts";
export { diffRegistries } from "./diff-registries.ts";
export { checkBlueprint, type CheckedBlueprint } from "./check-blueprint.ts";
export {
  loadBlueprint,
  loadBlueprints,
  parseBlueprint,
  parseBlueprintData,
  parseBlueprintJson,
} from "./load-blueprint.ts";
export { loadRegistry, parseRegistry, type LoadOptions } from "./load-registry.ts";
export { formatProblem, type Problem, type ProblemCode } from "./problem.ts";
export { readRegistryFiles } from "./read-registry-files.ts";
export type * from "./registry-change.ts";
export { RegistryError, type RegistryErrorCode } from "./registry-error.ts";
export { blueprintJsonSchema, registryJsonSchema } from "./registry-json-schema.ts";
export type * from "./registry.ts";
export { renameColumn, type ColumnRename } from "./rename-column.ts";
export { renderErd } from "./render-erd.ts";
export { renderMarkdown } from "./render-markdown.ts";
export { columnsIn, mayBeColumn, readSql, type ReadSql, type SqlToken } from "./sql-expression.ts";
