import type { ListenRequest, StructuredQuery, Target } from "../src/protocol/messages.ts";

/** Asks to listen. */
export function addTarget(
  database: string,
  targetId: number,
  target: Partial<Target>,
): ListenRequest {
  return { database, addTarget: { once: false, ...target, targetId } };
}

/** Asks to listen to documents, by their paths. */
export function addDocuments(
  database: string,
  targetId: number,
  paths: readonly string[],
  target: Partial<Target> = {},
): ListenRequest {
  const documents = paths.map((path) => `${database}/documents/${path}`);
  return addTarget(database, targetId, { ...target, documents: { documents } });
}

/** Asks to listen to a query over a collection at the root. */
export function addQuery(
  database: string,
  targetId: number,
  query: Partial<StructuredQuery>,
  target: Partial<Target> = {},
): ListenRequest {
  const structuredQuery = {
    from: [{ collectionId: "c", allDescendants: false }],
    orderBy: [],
    offset: 0,
    ...query,
  };
  const parent = `${database}/documents`;
  return addTarget(database, targetId, { ...target, query: { parent, structuredQuery } });
}

/** Asks to listen no more. */
export function removeTarget(database: string, targetId: number): ListenRequest {
  return { database, removeTarget: targetId };
}
