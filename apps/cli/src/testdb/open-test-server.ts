import { isPooledHost, type Postgres } from "@ctb-data/postgres";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { openDatabase } from "../project/open-database.ts";

/** The server on which test databases are made, open. */
export interface TestServer extends AsyncDisposable {
  /** Of a database from which others are made; nothing in it is changed. */
  readonly db: Postgres;
  /** Of another database on it, with user and password: never printed where it is not the embedded one. */
  readonly urlOf: (database: string) => string;
  readonly kind: "embedded" | "TEST_DATABASE_URL" | "DATABASE_URL";
  /** Host and port, in words. */
  readonly description: string;
}

/**
 * Opens the server that `TEST_DATABASE_URL` names, else that of `DATABASE_URL`, else the embedded one of the project.
 *
 * @throws {CliError} REFUSED under `NODE_ENV=production`, and for a pooler.
 * @throws {PostgresError} as `openPostgres` and `startEmbeddedPostgres`.
 */
export async function openTestServer(
  context: CommandContext,
  settings: Settings,
): Promise<TestServer> {
  refuseProduction(settings);
  const given = settings.TEST_DATABASE_URL ?? settings.DATABASE_URL;
  const kind =
    given === undefined
      ? "embedded"
      : settings.TEST_DATABASE_URL === undefined
        ? "DATABASE_URL"
        : "TEST_DATABASE_URL";
  const { pooled, directHost } = isPooledHost(given ?? "");
  if (pooled) {
    throw new CliError(
      "REFUSED",
      `${kind} names a pooler, by which no database can be made and migrated.`,
      {
        hint: `Name the server itself: ${directHost}.`,
      },
    );
  }
  const opened = await openDatabase(context, { ...settings, DATABASE_URL: given });
  return {
    db: opened.db,
    urlOf: (database) => urlOfDatabase(opened.url, database),
    kind,
    description: kind === "embedded" ? "the embedded PostgreSQL" : `the server of ${kind}`,
    [Symbol.asyncDispose]: async () => {
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** @throws {CliError} REFUSED under `NODE_ENV=production`. */
export function refuseProduction({ NODE_ENV }: Settings): void {
  if (NODE_ENV === "production") {
    throw new CliError("REFUSED", "NODE_ENV is production: test databases are not made there.", {
      hint: "Run it where NODE_ENV is something else.",
    });
  }
}

/** The same URL with another database. A socket's folder may stand where a URL has its host, which `URL` does not read. */
export function urlOfDatabase(url: string, database: string): string {
  const [, before = "", after = ""] =
    /^(?<before>postgres(?:ql)?:\/\/[^/?]*)(?:\/[^?]*)?(?<after>\?.*)?$/su.exec(url) ?? [];
  return `${before}/${encodeURIComponent(database)}${after}`;
}

/** The URL without its password. */
export function withoutPassword(url: string): string {
  return url.replace(/^(?<user>postgres(?:ql)?:\/\/[^/?@]*?):.*@(?=[^@]*$)/su, "$<user>:***@");
}
