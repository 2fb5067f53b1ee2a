// The sub-path `@ctb-data/postgres/statements`: the statements that schema.sql and migrations are made of, one by one, each
// without its semicolon.
export { catalogForeignKeyClause } from "./catalog-foreign-key.ts";
export { changeStatements } from "./change-statements.ts";
export { sequenceName } from "./sequence-name.ts";
export { objectName } from "./sql-type.ts";
export {
  alterTable,
  checkClause,
  columnType,
  createEnum,
  createIndex,
  defaultExpression,
  foreignKeyClause,
  primaryKeyClause,
  uniqueClause,
} from "./statements.ts";
