import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { ConnectionTarget, TlsMode } from "./connection-url.ts";
import { PostgresError } from "./postgres-error.ts";
import type { TlsOptions } from "./postgres.ts";

/**
 * What `pg` needs for TLS: false for none.
 *
 * @throws {PostgresError} INVALID_OPTIONS when a certificate file cannot be read.
 */
export function tlsOptions(
  target: ConnectionTarget,
  ssl: boolean | TlsOptions | undefined,
): false | ConnectionOptions {
  if (ssl === false) return false;
  const mode = ssl === undefined ? target.tls : modeOf(ssl, target.tls);
  if (mode === "disable") return false;
  const files = {
    ca: read(target.tlsFiles.ca),
    cert: read(target.tlsFiles.cert),
    key: read(target.tlsFiles.key),
    ...(typeof ssl === "object" && { ca: ssl.ca, cert: ssl.cert, key: ssl.key }),
  };
  return {
    rejectUnauthorized: mode !== "no-verify" && mode !== "prefer",
    // verify-ca trusts whoever the authority vouches for, under whatever name.
    ...(mode === "verify-ca" && { checkServerIdentity: () => undefined }),
    ...(files.ca !== undefined && { ca: files.ca }),
    ...(files.cert !== undefined && { cert: files.cert }),
    ...(files.key !== undefined && { key: files.key }),
  };
}

/** `ssl` in the options turns TLS on where the URL leaves it off, and never makes it weaker unless it says so. */
function modeOf(ssl: true | TlsOptions, mode: TlsMode): TlsMode {
  if (typeof ssl === "object" && ssl.verify !== undefined) {
    return ssl.verify ? "verify-full" : "no-verify";
  }
  return mode === "disable" || mode === "prefer" ? "verify-full" : mode;
}

function read(path: string | undefined): string | undefined {
  if (path === undefined || path === "system") return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new PostgresError("INVALID_OPTIONS", `The certificate file ${path} cannot be read.`, {
      cause,
      hint: "Check sslrootcert, sslcert and sslkey in the database URL.",
    });
  }
}
