import { PostgresError } from "../postgres-error.ts";
import { numberIn, parseJsonObject } from "./json-object.ts";

/** How a process wants its server. Travels from it to the supervisor. */
export interface ServerRequest {
  readonly durable: boolean;
  /** Left out when any port, or the running server's settings, will do. */
  readonly port?: number | undefined;
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** Decided here: what a change would break. */
const reserved = new Set([
  "cluster_name",
  "config_file",
  "data_directory",
  "external_pid_file",
  "hba_file",
  "ident_file",
  "listen_addresses",
  "log_destination",
  "logging_collector",
  "port",
  "unix_socket_directories",
]);

/** @throws {PostgresError} INVALID_OPTIONS for a port or a setting that cannot be. */
export function checkServerRequest({ port, settings = {} }: ServerRequest): void {
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65_535)) {
    throw new PostgresError(
      "INVALID_OPTIONS",
      `port must be a whole number from 1 to 65535, not ${port}.`,
      {
        hint: "Leave it out to get a free port.",
      },
    );
  }
  for (const [name, value] of Object.entries(settings)) {
    if (!/^[A-Za-z_][\w$.]*$/.test(name) || value.includes("\0")) {
      throw new PostgresError(
        "INVALID_OPTIONS",
        `${JSON.stringify(name)} is no setting of PostgreSQL, or its value holds a NUL character.`,
        {
          hint: 'Settings are name and value, as in { work_mem: "64MB" }.',
        },
      );
    }
    if (reserved.has(name.toLowerCase())) {
      throw new PostgresError(
        "INVALID_OPTIONS",
        `The setting ${name} is decided by startEmbeddedPostgres.`,
        {
          hint: "Leave it out; port and dataDir are options of their own.",
        },
      );
    }
  }
}

/** Why a server that runs in one way does not serve a process that wants it another way. */
export function conflictOf(
  running: ServerRequest & { readonly port: number },
  wanted: ServerRequest,
): string | undefined {
  if (running.durable !== wanted.durable)
    return `with durable: ${running.durable}, not ${wanted.durable}`;
  if (wanted.port !== undefined && wanted.port !== running.port)
    return `on port ${running.port}, not ${wanted.port}`;
  const other = Object.entries(wanted.settings ?? {}).find(
    ([name, value]) => running.settings?.[name] !== value,
  );
  return other === undefined ? undefined : `without the setting ${other[0]} = ${other[1]}`;
}

/** Reads a request from a message. */
export function readServerRequest(value: unknown): ServerRequest {
  const object = parseJsonObject(JSON.stringify(value ?? {})) ?? {};
  const settings = object["settings"] === undefined ? undefined : stringsOf(object["settings"]);
  return { durable: object["durable"] !== false, port: numberIn(object, "port"), settings };
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(parseJsonObject(JSON.stringify(value)) ?? {});
  return Object.fromEntries(entries.map(([name, member]) => [name, String(member)]));
}
