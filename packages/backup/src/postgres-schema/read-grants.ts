import { quoteIdentifier, quoteLiteral } from "@ctb-data/postgres";
import type { Catalog } from "./catalog-query.ts";
import {
  defaultPrivilegesSql,
  type PrivilegeRow,
  privilegesSql,
  settingsSql,
  userMappingsSql,
} from "./grant-queries.ts";
import { groupBy } from "./group-by.ts";
import type { SchemaObject } from "./schema-object.ts";

/** What names roles. `idOf` tells the id of an exported object by its key. */
export async function readGrants(
  catalog: Catalog,
  idOf: (key: string) => string | undefined,
): Promise<SchemaObject[]> {
  const privileges = await catalog.rows<PrivilegeRow>(privilegesSql);
  const defaults = await catalog.rows<PrivilegeRow>(defaultPrivilegesSql);
  return [
    ...grants(privileges, "grant", idOf),
    ...(await userMappings(catalog, idOf)),
    ...(await settings(catalog)),
    // Last: they would also be given to what comes after them.
    ...grants(defaults, "default privileges", idOf),
  ];
}

function grants(
  rows: readonly PrivilegeRow[],
  kind: string,
  idOf: (key: string) => string | undefined,
): SchemaObject[] {
  const groups = groupBy(rows, (row) => JSON.stringify([row.prefix, row.target, row.grantee]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const id = first.key === null ? undefined : idOf(first.key);
    const name = `${first.prefix}${first.target} ${first.grantee}`;
    return {
      id: `${kind} ${name}`,
      kind,
      schema: null,
      name,
      sql: grantStatements(group)
        .map((statement) => `${statement};`)
        .join("\n"),
      ...(id === undefined ? {} : { dependsOn: [id] }),
      roles: first.roles,
    };
  });
}

function grantStatements(rows: readonly PrivilegeRow[]): string[] {
  const of = (test: (row: PrivilegeRow) => boolean): string[] => {
    const found = rows.filter(test);
    return [
      ...new Set(
        found.map((row) =>
          row.column === null ? row.privilege : `${row.privilege} (${row.column})`,
        ),
      ),
    ];
  };
  const [first] = rows;
  if (first === undefined) return [];
  const { prefix, target, grantee } = first;
  const say = (
    privileges: readonly string[],
    words: readonly [string, string, string?],
  ): string[] =>
    privileges.length === 0
      ? []
      : [
          `${prefix}${words[0]}${privileges.join(", ")} ON ${target} ${words[1]} ${grantee}${words[2] ?? ""}`,
        ];
  return [
    ...say(
      of((row) => !row.now),
      ["REVOKE ", "FROM"],
    ),
    ...say(
      of((row) => row.now && row.before_grantable && !row.now_grantable),
      ["REVOKE GRANT OPTION FOR ", "FROM"],
    ),
    ...say(
      of((row) => row.now && !row.now_grantable && !row.before_grantable),
      ["GRANT ", "TO"],
    ),
    ...say(
      of((row) => row.now && row.now_grantable),
      ["GRANT ", "TO", " WITH GRANT OPTION"],
    ),
  ];
}

async function userMappings(
  catalog: Catalog,
  idOf: (key: string) => string | undefined,
): Promise<SchemaObject[]> {
  const rows = await catalog.rows<{ server: string; role: string; key: string; options: string }>(
    userMappingsSql,
  );
  return rows.map(({ server, role, key, options }) => {
    const id = idOf(key);
    const who = role === "" ? "PUBLIC" : quoteIdentifier(role);
    return {
      id: `user mapping ${quoteIdentifier(server)} ${who}`,
      kind: "user mapping",
      schema: null,
      name: `${server} ${who}`,
      sql: `CREATE USER MAPPING FOR ${who} SERVER ${quoteIdentifier(server)}${options};`,
      ...(id === undefined ? {} : { dependsOn: [id] }),
      roles: role === "" ? [] : [role],
    };
  });
}

/** The database may have another name when it is restored. */
async function settings(catalog: Catalog): Promise<SchemaObject[]> {
  const rows = await catalog.rows<{ role: string; name: string; value: string }>(settingsSql);
  return rows.map(({ role, name, value }) => {
    const what =
      role === ""
        ? "'ALTER DATABASE ' || quote_ident(current_database())"
        : `${quoteLiteral(`ALTER ROLE ${quoteIdentifier(role)} IN DATABASE `)} || quote_ident(current_database())`;
    const setting = quoteLiteral(` SET ${quoteIdentifier(name)} TO ${value}`);
    const body = `BEGIN EXECUTE ${what} || ${setting}; END`;
    return {
      id: `database setting ${name}${role === "" ? "" : ` of ${quoteIdentifier(role)}`}`,
      kind: "database setting",
      schema: null,
      name,
      sql: `DO ${quoteLiteral(body)};`,
      roles: role === "" ? [] : [role],
    };
  });
}
