import { quoteIdentifier, quoteLiteral } from "../quote-identifier.ts";
import type { AdminSession } from "./admin-session.ts";

/** What `ALTER DATABASE … SET` has said; `CREATE DATABASE` does not copy it. */
export interface DatabaseSetting {
  readonly name: string;
  readonly value: string;
  /** `ALTER ROLE … IN DATABASE … SET`; null for everybody. */
  readonly role: string | null;
}

/** Reads the settings of a database. @throws {PostgresError} */
export async function readDatabaseSettings(
  admin: AdminSession,
  database: string,
): Promise<readonly DatabaseSetting[]> {
  const rows = await admin.run<{ setting: string; role: string | null }>(
    `SELECT unnest(s.setconfig) AS setting, r.rolname AS role FROM pg_db_role_setting s
      JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
      WHERE d.datname = ${quoteLiteral(database)} AND (s.setrole = 0 OR r.oid IS NOT NULL)`,
  );
  return rows.map(({ setting, role }) => {
    const at = setting.indexOf("=");
    return { name: setting.slice(0, at), value: setting.slice(at + 1), role };
  });
}

/** Gives a database the settings of another. @throws {PostgresError} */
export async function copyDatabaseSettings(
  admin: AdminSession,
  database: string,
  settings: readonly DatabaseSetting[],
): Promise<void> {
  if (settings.length === 0) return;
  const statements = settings.flatMap(({ name, value, role }) => [
    // From the session: so that the server, and not this code, knows which settings are lists.
    `SELECT set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`,
    `ALTER ${target(database, role)} SET ${settingName(name)} FROM CURRENT`,
  ]);
  // Sent together, they are one transaction, and the settings are local to it.
  await admin.run(statements.join("; "));
}

function target(database: string, role: string | null): string {
  const name = quoteIdentifier(database);
  return role === null ? `DATABASE ${name}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${name}`;
}

/** A name of a module's own has dots between its parts. */
function settingName(name: string): string {
  return name
    .split(".")
    .map((part) => quoteIdentifier(part))
    .join(".");
}
