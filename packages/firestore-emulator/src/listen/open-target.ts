import { parseDocumentName, parseParentName } from "../name/resource-name.ts";
import type { StructuredQuery, Target } from "../protocol/messages.ts";
import { parseQuery } from "../query/parse-query.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { invalidArgument } from "../rpc-error.ts";
import type { Database } from "../store/database.ts";
import { checkListenable } from "./check-listenable.ts";
import { DocumentsTarget } from "./documents-target.ts";
import { QueryTarget } from "./query-target.ts";
import type { WatchTarget } from "./watch-target.ts";
import { WindowTarget } from "./window-target.ts";

const everything: StructuredQuery = { from: [], orderBy: [], offset: 0 };

/**
 * What a client asks to listen to.
 *
 * @param id the one it was given, where the client left that to the server.
 * @param checkQuery refuses queries that could not be run.
 * @throws {RpcError} what is wrong with it.
 */
export function openTarget(
  { query, documents }: Target,
  id: number,
  database: Database,
  checkQuery: (query: ParsedQuery) => void,
): WatchTarget {
  if (documents) {
    const paths = documents.documents.map((name) => pathIn(database.name, name));
    return new DocumentsTarget(id, database, new Set(paths));
  }
  if (!query) throw invalidArgument("A target must have a query or documents.");
  const parent = parseParentName(query.parent);
  if (parent.database !== database.name) throw otherDatabase(query.parent, database.name);
  const parsed = parseQuery(database.name, query.parent, query.structuredQuery ?? everything);
  checkListenable(parsed);
  checkQuery(parsed);
  return parsed.limit === undefined && parsed.offset === 0
    ? new QueryTarget(id, database, parsed)
    : new WindowTarget(id, database, parsed);
}

function pathIn(database: string, name: string): string {
  const resource = parseDocumentName(name);
  if (resource.database === database) return resource.path;
  throw otherDatabase(name, database);
}

function otherDatabase(name: string, database: string): Error {
  return invalidArgument(`"${name}" is not in the database of the stream, "${database}".`);
}
