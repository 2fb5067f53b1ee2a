export { columnTypes, type ColumnTypeName, type FirestoreType, type ValueKind } from "./column-types.ts";
export type * from "./registry.ts";
