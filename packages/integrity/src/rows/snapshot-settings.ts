import { quoteLiteral, setLocal, textSettings, type LocalSetting } from "@ctb-data/postgres";

/**
 * What the text of values depends on; a policy is an error instead of fewer rows; an index that may be corrupt is read only where there
 * is no other way; the transaction may wait for this process.
 */
const settings: readonly LocalSetting[] = [
  ...textSettings,
  ["row_security", "off"],
  ["enable_indexscan", "off"],
  ["enable_indexonlyscan", "off"],
  ["enable_bitmapscan", "off"],
  // A CHECK and the bounds of a partition may say in the catalog what is not so in the table.
  ["constraint_exclusion", "off"],
  ["enable_partition_pruning", "off"],
  // What breaks nothing is not sent by a worker, which the planner cannot know.
  ["parallel_tuple_cost", "0.01"],
  ["idle_in_transaction_session_timeout", "0"],
  ["transaction_timeout", "0", 170_000],
];

export interface SnapshotSettings {
  /** `server_version_num` */
  readonly version: number;
  readonly statementTimeoutMs?: number | undefined;
  /** Quoted. */
  readonly schema?: string | undefined;
}

/** Statements for a transaction that reads rows. All of it ends with the transaction. */
export function snapshotSettings(options: SnapshotSettings): string {
  const { version, statementTimeoutMs, schema } = options;
  const limit: readonly LocalSetting[] =
    statementTimeoutMs === undefined ? [] : [["statement_timeout", String(statementTimeoutMs)]];
  return [
    setLocal([...settings, ...limit], version),
    // What the registry and the catalog name without a schema is in the registry's; extensions are where the session finds them.
    // Whatever path a role has been given, nothing of the server's own is taken from elsewhere.
    ...(schema === undefined ? [] : [pathBefore(schema)]),
    workMemory,
  ].join("\n");
}

function pathBefore(schema: string): string {
  return `SELECT pg_catalog.set_config('search_path', concat_ws(', ', 'pg_catalog', ${quoteLiteral(schema)}, nullif(pg_catalog.current_setting('search_path'), '')), true);`; // prettier-ignore
}

/**
 * A sixteenth of what the server believes to have for caching (`effective_cache_size`), shared by four sessions: hashes of
 * referenced keys that go to the disk in parts are several times slower. At most 64 MiB, and never less than it was.
 */
const workMemory = `SELECT pg_catalog.set_config('work_mem', greatest(
  pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')),
  least(67108864, pg_catalog.pg_size_bytes(pg_catalog.current_setting('effective_cache_size')) / 64)) / 1024 || 'kB', true);`;
