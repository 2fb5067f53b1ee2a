import { BackupError } from "../backup-error.ts";

/** Parameters of a URL that libpq reads from a variable. */
const variables: Readonly<Record<string, string>> = {
  host: "PGHOST",
  port: "PGPORT",
  user: "PGUSER",
  password: "PGPASSWORD",
  dbname: "PGDATABASE",
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  channel_binding: "PGCHANNELBINDING",
  options: "PGOPTIONS",
  connect_timeout: "PGCONNECT_TIMEOUT",
};

/**
 * A `postgres://` URL as the variables that libpq's programs read, so that neither it nor its password stands in a command line.
 * Without `sslmode`, and unless the host is this machine, encryption is required.
 *
 * @throws {BackupError} INVALID_OPTIONS when it is no such URL. The message does not quote it.
 */
export function libpqEnvironment(url: string): Readonly<Record<string, string>> {
  const parsed = URL.parse(url.trim()) ?? URL.parse(url.trim().replace("@/", "@localhost/"));
  if (!parsed || !/^postgres(?:ql)?:$/u.test(parsed.protocol)) {
    throw new BackupError("INVALID_OPTIONS", "The database URL cannot be read.", {
      hint: "Write it as postgres://user:password@host:5432/database.",
    });
  }
  const host = parsed.searchParams.get("host") ?? decode(parsed.hostname).replaceAll(/[[\]]/gu, "");
  const local = host === "" || host.startsWith("/") || /^(?:localhost|127\..*|::1)$/u.test(host);
  const environment: Record<string, string> = {
    PGHOST: host,
    PGPORT: parsed.port,
    PGUSER: decode(parsed.username),
    PGPASSWORD: decode(parsed.password),
    PGDATABASE: decode(parsed.pathname.slice(1)),
    PGSSLMODE: local ? "prefer" : "require",
    PGAPPNAME: "ctb-data backup",
  };
  for (const [name, value] of parsed.searchParams) {
    const variable = variables[name];
    if (variable === undefined) continue;
    // `no-verify` is a word of Node.js's drivers.
    environment[variable] = name === "sslmode" && value === "no-verify" ? "require" : value;
  }
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
