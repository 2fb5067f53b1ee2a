import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";

/** What lets a page of any origin read the answer, as the official emulator has it. Nothing when no page asks. */
export function corsHeaders({ headers }: IncomingMessage): OutgoingHttpHeaders {
  const { origin } = headers;
  if (origin === undefined) return {};
  const asked = headers["access-control-request-headers"];
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "DELETE,GET,HEAD,PATCH,POST,PUT",
    "access-control-allow-credentials": "true",
    vary: "origin",
    ...(asked !== undefined && { "access-control-allow-headers": asked }),
  };
}
