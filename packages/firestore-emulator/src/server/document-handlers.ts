import { randomBytes } from "node:crypto";
import { collectionLock, type Engine } from "../engine.ts";
import { projectFields } from "../name/field-edit.ts";
import {
  checkCollectionId,
  checkDocumentId,
  nameOf,
  parseDatabaseName,
  parseDocumentName,
  parseParentName,
} from "../name/resource-name.ts";
import type { DocumentMessage } from "../protocol/document-codec.ts";
import type { BatchGetDocumentsResponse, Mask, Write } from "../protocol/messages.ts";
import { invalidArgument, RpcError } from "../rpc-error.ts";
import { documentMessage, type StoredDocument } from "../store/stored-document.ts";
import { timestampOf } from "../value/timestamp.ts";
import { checkMask } from "../write/check-write.ts";
import type { StreamingHandler, UnaryHandler } from "./handlers.ts";
import { listDocuments } from "./list-documents.ts";

/** The methods that read and write documents by their names. */
export interface DocumentHandlers {
  readonly GetDocument: UnaryHandler<"GetDocument">;
  readonly ListDocuments: UnaryHandler<"ListDocuments">;
  readonly CreateDocument: UnaryHandler<"CreateDocument">;
  readonly UpdateDocument: UnaryHandler<"UpdateDocument">;
  readonly DeleteDocument: UnaryHandler<"DeleteDocument">;
  readonly BatchGetDocuments: StreamingHandler<"BatchGetDocuments">;
}

export function documentHandlers(engine: Engine): DocumentHandlers {
  return {
    GetDocument: async (request, signal) => {
      const { database, path } = parseDocumentName(request.name);
      const project = projection(request.mask);
      const context = engine.readContext(database, request);
      const { documents } = await engine.readDocuments(context, [path], signal);
      const [document] = documents;
      if (!document) throw new RpcError("NOT_FOUND", `Document "${request.name}" not found.`);
      return project(database, document);
    },

    ListDocuments: async (request, signal) => {
      const { database, path } = parseParentName(request.parent);
      const project = projection(request.mask);
      const context = engine.readContext(database, request);
      const collection = [path, request.collectionId].filter((part) => part !== "").join("/");
      const { result } = await engine.readRange(
        context,
        request.collectionId === ""
          ? { collectionId: undefined, covers: () => true }
          : collectionLock(collection),
        (time) => {
          const page = listDocuments(context.database, path, request, time);
          return { result: page, read: page.covers };
        },
        signal,
      );
      return {
        documents: result.documents.map((item) =>
          typeof item === "string"
            ? { name: nameOf(database, item), fields: new Map() }
            : project(database, item),
        ),
        nextPageToken: result.nextPageToken,
      };
    },

    CreateDocument: async ({ parent, collectionId, documentId, document, mask }, signal) => {
      const { database, path } = parseParentName(parent);
      checkNewId("Collection", collectionId, checkCollectionId);
      const id = documentId === "" ? newDocumentId() : documentId;
      checkNewId("Resource", id, checkDocumentId);
      if (document?.name) throw invalidArgument("document.name must not be set");
      const newPath = [path, collectionId, id].filter((part) => part !== "").join("/");
      const fields = document?.fields ?? new Map();
      const currentDocument = { exists: false };
      return await writeAndRead(
        {
          update: { name: nameOf(database, newPath), fields },
          updateTransforms: [],
          currentDocument,
        },
        { database, path: newPath, mask, signal },
      );
    },

    UpdateDocument: async ({ document, updateMask, mask, currentDocument }, signal) => {
      const { database, path } = parseDocumentName(document?.name ?? "");
      return await writeAndRead(
        { update: document, updateMask, currentDocument, updateTransforms: [] },
        { database, path, mask, signal },
      );
    },

    DeleteDocument: async ({ name, currentDocument }, signal) => {
      const { database } = parseDocumentName(name);
      const write: Write = { delete: name, currentDocument, updateTransforms: [] };
      await engine.commit(database, { writes: [write] }, signal);
      return {};
    },

    BatchGetDocuments: async function* (request, signal) {
      const database = parseDatabaseName(request.database);
      const paths = request.documents.map((name) => pathIn(database, name));
      const project = projection(request.mask);
      const context = engine.readContext(database, request);
      if (context.begun) yield { transaction: context.begun };
      const { documents, time } = await engine.readDocuments(context, paths, signal);
      const readTime = timestampOf(time);
      const answered = new Set<string>();
      for (const [index, path] of paths.entries()) {
        if (answered.has(path)) continue;
        answered.add(path);
        const document = documents[index];
        const answer: BatchGetDocumentsResponse = document
          ? { found: project(database, document) }
          : { missing: nameOf(database, path) };
        yield { ...answer, readTime };
      }
    },
  };

  /** One write, and the document as it was right after. */
  async function writeAndRead(
    write: Write,
    at: { database: string; path: string; mask: Mask | undefined; signal: AbortSignal },
  ): Promise<DocumentMessage> {
    const project = projection(at.mask);
    const { time } = await engine.commit(at.database, { writes: [write] }, at.signal);
    const document = engine.databases.get(at.database).document(at.path, time);
    if (!document) throw new RpcError("NOT_FOUND", "The document was deleted meanwhile.");
    return project(at.database, document);
  }
}

/** How documents are given back: whole, or only the fields of the mask. */
function projection(
  mask: Mask | undefined,
): (database: string, document: StoredDocument) => DocumentMessage {
  if (!mask) return documentMessage;
  const paths = checkMask(mask);
  return (database, document) =>
    documentMessage(database, document, projectFields(document.fields, paths));
}

function pathIn(database: string, name: string): string {
  const resource = parseDocumentName(name);
  if (resource.database === database) return resource.path;
  throw invalidArgument(
    `Document name "${name}" is not in the database of the request, "${database}".`,
  );
}

function checkNewId(what: string, id: string, check: (id: string) => void): void {
  if (id === "") throw invalidArgument("collectionId is the empty string.");
  if (id === "." || id === "..") {
    throw invalidArgument(`${what} id "${id}" is invalid because it is reserved.`);
  }
  if (id.includes("/")) {
    throw invalidArgument(`${what} id "${id}" is invalid because it contains "/".`);
  }
  check(id);
}

const idCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Twenty letters and digits, as the client libraries make them. */
function newDocumentId(): string {
  let id = "";
  while (id.length < 20) {
    for (const byte of randomBytes(40)) {
      // What is left of a byte above a multiple of 62 would favour the first characters.
      if (byte < 248 && id.length < 20) id += idCharacters.charAt(byte % 62);
    }
  }
  return id;
}
