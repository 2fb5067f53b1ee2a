import { DatabaseError } from "pg";
import { PostgresError, type PostgresErrorCode } from "./postgres-error.ts";

/** What the one who asks knows, and the error does not. */
export interface ErrorContext {
  /** Without user and password. */
  readonly description: string;
  /** True while no session exists yet. */
  readonly connecting?: boolean;
  /** `CANCELLED` or `TIMEOUT` when this program asked the server to stop. */
  readonly stoppedAs?: "CANCELLED" | "TIMEOUT" | undefined;
}

/** Whether the same transaction, run again, may succeed: 40001 (serialization failure) and 40P01 (deadlock). */
export function isRetryable(error: unknown): boolean {
  return (
    error instanceof PostgresError && (error.sqlState === "40001" || error.sqlState === "40P01")
  );
}

/** Whether the session is gone, so that nothing more can be asked of it. */
export function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof PostgresError &&
    (error.code === "CONNECTION_LOST" || error.code === "CONNECTION_FAILED")
  );
}

/** Any error of `pg`, of a socket or of TLS as a {@link PostgresError}. One that is already one is given back. */
export function toPostgresError(error: unknown, context: ErrorContext): PostgresError {
  if (error instanceof PostgresError) return error;
  if (error instanceof DatabaseError) return fromServer(error, context);
  return fromDriver(error, context);
}

/** By SQLSTATE, the longest prefix that matches. */
const codeBySqlState: Readonly<Record<string, PostgresErrorCode>> = {
  "08": "CONNECTION_LOST",
  "0A": "UNSUPPORTED",
  "22": "INVALID_VALUE",
  "23": "CONSTRAINT_VIOLATION",
  "25P03": "CONNECTION_LOST",
  "25P04": "TIMEOUT",
  "28": "AUTHENTICATION_FAILED",
  "3D000": "DATABASE_NOT_FOUND",
  "3F000": "UNKNOWN_OBJECT",
  "40001": "SERIALIZATION_FAILED",
  "40P01": "SERIALIZATION_FAILED",
  "42501": "PERMISSION_DENIED",
  "42601": "SYNTAX_ERROR",
  "42703": "UNKNOWN_OBJECT",
  "42704": "UNKNOWN_OBJECT",
  "42710": "DUPLICATE_OBJECT",
  "42883": "UNKNOWN_OBJECT",
  "42P01": "UNKNOWN_OBJECT",
  "42P07": "DUPLICATE_OBJECT",
  "53": "RESOURCES_EXHAUSTED",
  "55P03": "TIMEOUT",
  "57014": "CANCELLED",
  "57P01": "CONNECTION_LOST",
  "57P02": "CONNECTION_LOST",
  "57P03": "CONNECTION_FAILED",
  "57P04": "CONNECTION_LOST",
  "57P05": "CONNECTION_LOST",
};

const hintBySqlState: Readonly<Record<string, string>> = {
  "28P01": "Check the user and the password in the database URL.",
  "3D000": "Create the database, or correct its name in the database URL.",
  "53300": "The server has no free connection: make the pool smaller, or raise max_connections.",
  "55P03": "Somebody else holds the lock: look into pg_locks, or try again later.",
  "57P03": "The server is starting or stopping: try again in a moment.",
  "42P01": "Apply the pending migrations, or check the schema and the spelling.",
  "23503": "Insert the referenced row first, or delete the rows that refer to this one.",
};

function fromServer(error: DatabaseError, context: ErrorContext): PostgresError {
  const sqlState = error.code ?? "XX000";
  const code = serverCode(error, sqlState, context);
  return new PostgresError(code, serverMessage(error, code, context), {
    cause: error,
    sqlState,
    hint: error.hint ?? tlsHint(error) ?? hintBySqlState[sqlState],
    detail: error.detail,
    position: error.position === undefined ? undefined : Number(error.position),
    where: error.where,
    schema: error.schema,
    table: error.table,
    columns: columnsOf(error),
    constraint: error.constraint,
  });
}

function serverCode(
  error: DatabaseError,
  sqlState: string,
  context: ErrorContext,
): PostgresErrorCode {
  if (sqlState === "57014") {
    // The text is translated on some servers; then a statement timeout looks like a cancel.
    return context.stoppedAs ?? (/statement timeout/.test(error.message) ? "TIMEOUT" : "CANCELLED");
  }
  const code =
    codeBySqlState[sqlState] ?? codeBySqlState[sqlState.slice(0, 2)] ?? ("QUERY_FAILED" as const);
  if (code === "CONNECTION_LOST" && context.connecting === true) return "CONNECTION_FAILED";
  if (code === "AUTHENTICATION_FAILED" && /no encryption|SSL off/.test(error.message))
    return "TLS_FAILED";
  return code;
}

function serverMessage(
  error: DatabaseError,
  code: PostgresErrorCode,
  context: ErrorContext,
): string {
  const text = sentence(error.message);
  if (context.connecting === true) return `Could not connect to ${context.description}: ${text}`;
  if (code === "TIMEOUT" && context.stoppedAs)
    return "The statement took longer than allowed and was cancelled.";
  if (code === "CANCELLED" && context.stoppedAs) return "The statement was cancelled.";
  if (code === "CONNECTION_LOST")
    return `The connection to ${context.description} was closed: ${text}`;
  return text;
}

function tlsHint(error: DatabaseError): string | undefined {
  return /no encryption|SSL off/.test(error.message)
    ? "The server wants an encrypted connection: add sslmode=verify-full to the database URL."
    : undefined;
}

/** The server names columns only of not-null violations; for keys they stand in the DETAIL line, quoted like SQL. */
function columnsOf(error: DatabaseError): readonly string[] | undefined {
  if (error.column !== undefined) return [error.column];
  const list = error.code?.startsWith("23")
    ? /^Key \((?<columns>.*?)\)=\(/s.exec(error.detail ?? "")?.groups?.["columns"]
    : undefined;
  if (list === undefined) return undefined;
  // The key of an expression index has parentheses or casts: those are not columns.
  if (/[(:]/.test(list.replaceAll(/"(?:[^"]|"")*"/g, ""))) return undefined;
  return [...list.matchAll(/"(?<quoted>(?:[^"]|"")*)"|(?<plain>[^",\s][^",]*)/g)].map(
    ({ groups }) => groups?.["quoted"]?.replaceAll('""', '"') ?? groups?.["plain"] ?? "",
  );
}

const unreachable = new Set([
  "EAI_AGAIN", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH",
  "ENOENT", "ENOTFOUND", "EPIPE", "ETIMEDOUT",
]); // prettier-ignore

/** Errors of Node's sockets and TLS, and the plain `Error`s of `pg` and `pg-pool`. */
function fromDriver(error: unknown, context: ErrorContext): PostgresError {
  const { code, message } = driverFacts(error);
  const details = { cause: error };
  if (isTlsError(code, message)) {
    const text = `Could not make a secure connection to ${context.description}: ${sentence(message)}`;
    return new PostgresError("TLS_FAILED", text, {
      ...details,
      hint: certificateHint(code, message),
    });
  }
  if (/SASL|SCRAM|password/i.test(message) && context.connecting === true) {
    return new PostgresError(
      "AUTHENTICATION_FAILED",
      `Could not log in to ${context.description}.`,
      {
        ...details,
        hint: "Check that the database URL has the right user and password.",
      },
    );
  }
  if (/timeout exceeded when trying to connect/.test(message)) {
    return new PostgresError(
      "POOL_EXHAUSTED",
      `All connections to ${context.description} are in use.`,
      {
        ...details,
        hint: "Raise poolSize (DATABASE_POOL_SIZE), or look for work that keeps its connection.",
      },
    );
  }
  return fromConnection({ error, code, message }, context);
}

function fromConnection(
  { error, code, message }: { error: unknown; code: string; message: string },
  context: ErrorContext,
): PostgresError {
  const dead =
    unreachable.has(code) ||
    /^Connection terminated|not queryable|timeout expired|closed the connection/i.test(message);
  if (context.connecting === true) {
    return new PostgresError(
      "CONNECTION_FAILED",
      `Could not reach ${context.description}: ${sentence(message)}`,
      {
        cause: error,
        hint: reachHint(code),
      },
    );
  }
  if (dead) {
    return new PostgresError(
      "CONNECTION_LOST",
      `The connection to ${context.description} broke: ${sentence(message)}`,
      {
        cause: error,
        hint: "Check whether the last statement was done before running it again.",
      },
    );
  }
  return new PostgresError("QUERY_FAILED", sentence(message), { cause: error });
}

function driverFacts(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: "", message: String(error) };
  // Happy eyeballs: one error per address that was tried, and an empty message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return { code, message: error.message || (first instanceof Error ? first.message : code) };
}

function isTlsError(code: string, message: string): boolean {
  return (
    /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT)|HOSTNAME_MISMATCH/.test(code) ||
    /SSL connection|TLS/.test(message)
  );
}

function certificateHint(code: string, message: string): string {
  if (/does not support SSL/.test(message)) {
    return "The server speaks no TLS. In a network that you trust, add sslmode=disable to the database URL.";
  }
  if (/ALTNAME|HOSTNAME/.test(code)) {
    return "The certificate is for another host: use the host name that it has, or sslmode=verify-ca.";
  }
  if (/EXPIRED|NOT_YET_VALID/.test(code))
    return "Renew the server's certificate, or check this machine's clock.";
  return "For a self-signed certificate, or one of your own authority, name its file with sslrootcert=ca.pem in the database URL. sslmode=no-verify trusts any server.";
}

function reachHint(code: string): string {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return "Check the host name in the database URL.";
  if (code === "ENOENT") return "No server listens on this socket: check the folder and the port.";
  return "Check that the server runs and that the host and port in the database URL are right.";
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
