import { userInfo } from "node:os";
import { PostgresError } from "./postgres-error.ts";

/** A host that is a pooler, and the one behind it. */
export interface PooledHost {
  readonly pooled: boolean;
  /** The host that reaches PostgreSQL itself; the same host when it is not a pooler. */
  readonly directHost: string;
}

/** How the connection is encrypted; the names are those of `sslmode`, with `no-verify` for "encrypt, trust anyone". */
export type TlsMode = "disable" | "prefer" | "no-verify" | "verify-ca" | "verify-full";

/** Where to connect and as whom. */
export interface ConnectionTarget {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Undefined when the URL has none. */
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: TlsMode;
  /** Files named by `sslrootcert`, `sslcert` and `sslkey`. */
  readonly tlsFiles: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly directTls: boolean;
  readonly applicationName: string | undefined;
  readonly connectTimeoutMs: number | undefined;
  /** Command-line options for the server, as in `options=-c%20geqo%3Doff`. */
  readonly options: string | undefined;
  readonly pooled: boolean;
  /** Without user and password. */
  readonly description: string;
}

const tlsModes: Readonly<Record<string, TlsMode>> = {
  disable: "disable",
  allow: "prefer",
  prefer: "prefer",
  // libpq would not look at the certificate here; hosted databases print URLs with `require`, and they have good ones.
  require: "verify-full",
  "no-verify": "no-verify",
  "verify-ca": "verify-ca",
  "verify-full": "verify-full",
};

/**
 * Whether the host of a URL is a transaction pooler (Neon's `-pooler`), where session state such as advisory locks
 * gets lost between statements.
 */
export function isPooledHost(url: string): PooledHost {
  const parsed = URL.parse(url);
  return poolerOf(parsed?.searchParams.get("host") ?? decode(parsed?.hostname ?? ""));
}

/**
 * Reads a `postgres://` URL.
 *
 * @throws {PostgresError} INVALID_OPTIONS, without quoting the URL, because it may hold a password.
 */
export function parseConnectionUrl(url: string | undefined): ConnectionTarget {
  if (typeof url !== "string" || url.trim() === "") {
    throw invalid(
      "No database URL was given.",
      "Set DATABASE_URL, for example to the one that `npx ctb-data dev` prints, and pass it as `url`.",
    );
  }
  // `user@/database?host=/socket/folder` is common and not a URL by the letter.
  const parsed = URL.parse(url.trim()) ?? URL.parse(url.trim().replace("@/", "@localhost/"));
  if (!parsed || !/^postgres(ql)?:$/.test(parsed.protocol) || isTorn(parsed)) {
    throw invalid(
      "The database URL cannot be read.",
      "Write it as postgres://user:password@host:5432/database, with special characters of the password percent-encoded (@ is %40, / is %2F, # is %23).",
    );
  }
  const query = parsed.searchParams;
  const host = hostOf(parsed);
  const port = portOf(query.get("port") ?? parsed.port);
  const user = (query.get("user") ?? decode(parsed.username)) || userInfo().username;
  const database =
    (query.get("dbname") ?? query.get("database") ?? decode(parsed.pathname.slice(1))) || user;
  const directTls = query.get("sslnegotiation") === "direct";
  return {
    host,
    port,
    user,
    password: (query.get("password") ?? decode(parsed.password)) || undefined,
    database,
    tls: tlsModeOf(query, host),
    tlsFiles: {
      ...textEntry("ca", query.get("sslrootcert")),
      ...textEntry("cert", query.get("sslcert")),
      ...textEntry("key", query.get("sslkey")),
    },
    directTls,
    applicationName: query.get("application_name") ?? undefined,
    connectTimeoutMs: timeoutOf(query.get("connect_timeout")),
    options: query.get("options") ?? undefined,
    pooled: poolerOf(host).pooled || query.get("pgbouncer") === "true",
    description: describe(host, port, database),
  };
}

/** Whether a part of the password became a database, a parameter or a fragment, because it was not percent-encoded. */
function isTorn(url: URL): boolean {
  return (
    /[@/]/.test(url.pathname.slice(1)) ||
    url.hash !== "" ||
    [...url.searchParams.keys()].some((name) => name.includes("@"))
  );
}

function poolerOf(host: string): PooledHost {
  const [first = "", ...rest] = host.split(".");
  const pooled = first.endsWith("-pooler");
  const direct = first.slice(0, -"-pooler".length);
  return { pooled, directHost: pooled ? [direct, ...rest].join(".") : host };
}

function hostOf(url: URL): string {
  const host = url.searchParams.get("host") ?? decode(url.hostname);
  if (host.includes(",")) {
    throw invalid(
      "The database URL names several hosts.",
      "Name one host: connections are not spread over several.",
    );
  }
  return host.replace(/^\[(.*)\]$/, "$1") || "localhost";
}

function portOf(text: string): number {
  const port = text === "" ? 5432 : Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalid("The port in the database URL is not a number from 1 to 65535.");
  }
  return port;
}

function tlsModeOf(query: URLSearchParams, host: string): TlsMode {
  const mode = query.get("sslmode");
  if (mode === null) {
    const ssl = query.get("ssl");
    if (ssl === "false" || ssl === "0") return "disable";
    return ssl === null && !query.has("sslnegotiation") && isLocal(host)
      ? "disable"
      : "verify-full";
  }
  const tls = Object.hasOwn(tlsModes, mode) ? tlsModes[mode] : undefined;
  if (!tls) {
    const known = Object.keys(tlsModes).join(", ");
    throw invalid(`sslmode in the database URL is not one of: ${known}.`);
  }
  return tls;
}

/** A host whose traffic does not leave this machine. */
export function isLocal(host: string): boolean {
  return (
    host.startsWith("/") ||
    host === "::1" ||
    /^(.+\.)?localhost$/i.test(host) ||
    /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}

function timeoutOf(seconds: string | null): number | undefined {
  if (seconds === null) return undefined;
  const value = Number(seconds);
  if (!Number.isFinite(value) || value < 0) {
    throw invalid("connect_timeout in the database URL is not a number of seconds.");
  }
  return value === 0 ? undefined : value * 1000;
}

function describe(host: string, port: number, database: string): string {
  if (host.startsWith("/")) return `${database} on socket ${host}/.s.PGSQL.${port}`;
  return `${host.includes(":") ? `[${host}]` : host}:${port}/${database}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % in a password that was pasted as it is: what was meant is clear.
    return text;
  }
}

function textEntry<K extends string>(key: K, value: string | null): Partial<Record<K, string>> {
  const entry: Partial<Record<K, string>> = {};
  if (value) entry[key] = value;
  return entry;
}

function invalid(message: string, hint?: string): PostgresError {
  return new PostgresError("INVALID_OPTIONS", message, { hint });
}
