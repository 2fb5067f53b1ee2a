import type { IncomingMessage, ServerResponse } from "node:http";
import { parseDatabaseName } from "../name/resource-name.ts";
import { corsHeaders } from "../rest/cors.ts";
import { RpcError } from "../rpc-error.ts";
import type { ServiceHandlers } from "./grpc-service.ts";

const clearPath = /^\/emulator\/v1\/(projects\/[^/]+\/databases\/[^/]+)\/documents\/?$/u;

/** What the server does over plain HTTP. */
export interface HttpActions {
  /** Deletes all documents of a database. */
  readonly clear: (database: string) => Promise<void>;
  /** The composite indexes that the queries so far would have needed, as a `firestore.indexes.json`. */
  readonly neededIndexes: (database: string) => string;
  /** The service, for its form over HTTP and JSON. */
  readonly handlers: ServiceHandlers;
  /** Is told of errors that are the server's own. */
  readonly onProblem: (error: unknown) => void;
}

/** Answers HTTP/1: the emulator's own calls, and the API in its form over HTTP and JSON. */
export function httpHandler(
  actions: HttpActions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const rest = restService(actions);
  const serveRest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const service = await rest();
    await service.serve(request, response);
  };
  return (request, response) => {
    if (request.method === "OPTIONS") {
      request.resume();
      response.writeHead(200, { ...corsHeaders(request), "content-length": 0 }).end();
    } else if (request.url?.startsWith("/v1/")) {
      void serveRest(request, response);
    } else {
      void respond(request, response, actions);
    }
  };
}

/** The API over HTTP is loaded when it is first asked for: most clients speak gRPC, and start-up is to be short. */
function restService(actions: HttpActions) {
  const open = async () => {
    const { RestService } = await import("../rest/rest-service.ts");
    return new RestService(actions);
  };
  let opened: ReturnType<typeof open> | undefined;
  return async () => {
    opened ??= open();
    return await opened;
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  actions: HttpActions,
): Promise<void> {
  try {
    for (const [name, value] of Object.entries(corsHeaders(request))) {
      if (value !== undefined) response.setHeader(name, value);
    }
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
      `There is no ${method} ${path} here. The API is google.firestore.v1: gRPC, or HTTP below /v1.`,
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
