export type * from "./catalog.ts";
export { isPooledHost, type PooledHost } from "./connection-url.ts";
export { generatePostgresFiles } from "./generate-postgres-files.ts";
export { holdConnection, type HeldConnection } from "./hold-connection.ts";
export { isRetryable } from "./classify-error.ts";
export { copyEncoderOf } from "./copy-text.ts";
export { openPostgres } from "./open-postgres.ts";
export {
  PostgresError,
  type PostgresErrorCode,
  type PostgresErrorDetails,
} from "./postgres-error.ts";
export type * from "./postgres.ts";
export { quoteIdentifier, quoteLiteral } from "./quote-identifier.ts";
export { changesSql, type ChangesSql } from "./changes-sql.ts";
export { schemaSql } from "./schema-sql.ts";
export type { ReadClass, StoredClass, StoredModel, StoredRow, TableName } from "./stored-model.ts";
export type * from "./table-store.ts";
export { setLocal, textSettings, type LocalSetting } from "./text-settings.ts";
