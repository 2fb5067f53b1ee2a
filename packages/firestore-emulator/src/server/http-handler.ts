import type { IncomingMessage, ServerResponse } from "node:http";
import { parseDatabaseName } from "../name/resource-name.ts";
import { RpcError } from "../rpc-error.ts";

const clearPath = /^\/emulator\/v1\/(projects\/[^/]+\/databases\/[^/]+)\/documents\/?$/u;

/** What the server does over plain HTTP. */
export interface HttpActions {
  /** Deletes all documents of a database. */
  readonly clear: (database: string) => Promise<void>;
  /** The composite indexes that the queries so far would have needed, as a `firestore.indexes.json`. */
  readonly neededIndexes: (database: string) => string;
}

/** Answers HTTP/1: the emulator's own calls. The API itself is gRPC. */
export function httpHandler(
  actions: HttpActions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void respond(request, response, actions);
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  actions: HttpActions,
): Promise<void> {
  try {
    const { status, body } = await answer(request, actions);
    send(response, status, body);
  } catch (error) {
    const isClients = error instanceof RpcError && error.status === "INVALID_ARGUMENT";
    const message = error instanceof Error ? error.message : String(error);
    send(response, isClients ? 400 : 500, errorBody(isClients ? 400 : 500, message));
  }
}

interface Answer {
  readonly status: number;
  readonly body: object | string;
}

async function answer(request: IncomingMessage, actions: HttpActions): Promise<Answer> {
  request.resume();
  const { method = "GET", url = "/" } = request;
  const path = decodePath(url);
  if (path === "/" && method === "GET") return { status: 200, body: "Ok\n" };
  const database = clearPath.exec(path)?.[1];
  if (database !== undefined && method === "DELETE") {
    await actions.clear(parseDatabaseName(database));
    return { status: 200, body: {} };
  }
  const indexed = /^\/emulator\/v1\/(projects\/[^/]+\/databases\/[^/]+)\/neededIndexes$/u.exec(
    path,
  );
  if (indexed?.[1] !== undefined && method === "GET") {
    return { status: 200, body: actions.neededIndexes(parseDatabaseName(indexed[1])) };
  }
  return {
    status: 404,
    body: errorBody(
      404,
      `There is no ${method} ${path} here. The API is google.firestore.v1 over gRPC.`,
    ),
  };
}

function decodePath(url: string): string {
  const path = url.split("?", 1)[0] ?? "/";
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function errorBody(code: number, message: string): object {
  return { error: { code, message } };
}

function send(response: ServerResponse, status: number, body: object | string): void {
  const text = typeof body === "string" ? body : `${JSON.stringify(body)}\n`;
  const type = text.startsWith("{") ? "application/json" : "text/plain";
  response.writeHead(status, { "content-type": `${type}; charset=utf-8` });
  response.end(text);
}
