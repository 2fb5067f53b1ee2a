import type { IncomingMessage, ServerResponse } from "node:http";
import type protobuf from "protobufjs";
import { RpcError } from "../rpc-error.ts";
import { statusOf, type ServiceHandlers } from "../server/grpc-service.ts";
import { maxRequestBytes } from "../server/rpc.ts";
import { bindRequest } from "./bind-request.ts";
import { corsHeaders } from "./cors.ts";
import { matchRoute, type RouteMatch } from "./http-routes.ts";
import { parseJson, type JsonValue } from "./json-text.ts";
import { messageToJson } from "./message-to-json.ts";
import { readBody, type BodyLimits } from "./read-body.ts";
import { noSuchMethod, restError } from "./rest-error.ts";
import { restMethods, type RestMethod } from "./rest-methods.ts";
import { StreamArray } from "./stream-array.ts";

export interface RestOptions {
  readonly handlers: ServiceHandlers;
  /** Is told of errors that are the server's own. */
  readonly onProblem: (error: unknown) => void;
  readonly limits?: BodyLimits;
}

const defaultLimits: BodyLimits = {
  bytes: maxRequestBytes,
  endBytes: 64 * 1024 * 1024,
  ms: 60_000,
};

/** The service over HTTP/1 and JSON, as the description of the protocol maps it (google.api.http). */
export class RestService {
  readonly #methods: ReadonlyMap<string, RestMethod>;
  readonly #onProblem: (error: unknown) => void;
  readonly #limits: BodyLimits;

  constructor({ handlers, onProblem, limits = defaultLimits }: RestOptions) {
    this.#methods = restMethods(handlers);
    this.#onProblem = onProblem;
    this.#limits = limits;
  }

  /** Answers one request. Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method: verb = "GET", url = "/" } = request;
    const cut = url.indexOf("?");
    const path = cut === -1 ? url : url.slice(0, cut);
    const query = new URLSearchParams(cut === -1 ? "" : url.slice(cut + 1));
    const answer = new Answer(request, response, query);
    try {
      const route = matchRoute(verb, path);
      if (!route) throw noSuchMethod(verb, path);
      answer.method = route.method;
      await this.#answer(route, query, answer);
    } catch (error) {
      answer.fail(restError(statusOf(error, this.#onProblem)));
    }
  }

  async #answer(route: RouteMatch, query: URLSearchParams, answer: Answer): Promise<void> {
    const method = this.#methods.get(route.method.name);
    if (!method) {
      throw new RpcError(
        "UNIMPLEMENTED",
        `${route.method.name} is a stream in both directions: it is available over gRPC only.`,
      );
    }
    const text = route.body === undefined ? "" : await readBody(answer.request, this.#limits);
    const body = text.trim() === "" ? undefined : parseJson(text);
    for await (const message of method(bindRequest(route, query, body), answer.signal)) {
      if (answer.signal.aborted) return;
      await answer.add(message);
    }
    answer.end();
  }
}

/** The answer to one request, in the form that the request asks for. */
class Answer {
  readonly request: IncomingMessage;
  readonly signal: AbortSignal;
  method: protobuf.Method | undefined;
  readonly #response: ServerResponse;
  readonly #indent: number;
  readonly #array: StreamArray;
  #single: string | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, query: URLSearchParams) {
    this.request = request;
    this.#response = response;
    this.#indent = isForPeople(query) ? 2 : 0;
    const controller = new AbortController();
    this.signal = controller.signal;
    response.once("close", () => {
      if (!response.writableFinished) controller.abort();
    });
    for (const [name, value] of Object.entries(corsHeaders(request))) {
      if (value !== undefined) response.setHeader(name, value);
    }
    response.setHeader("content-type", "application/json; charset=UTF-8");
    this.#array = new StreamArray(response, controller.signal);
  }

  async add(message: object): Promise<void> {
    const type = this.method?.resolvedResponseType;
    if (!type) throw new Error("The method's response is not known.");
    const json = this.#print(messageToJson(type, message));
    if (this.method?.responseStream) await this.#array.add(json);
    else this.#single = json;
  }

  end(): void {
    if (this.method?.responseStream) this.#array.end();
    else this.#send(this.#single ?? "{}");
  }

  fail({ httpStatus, body }: { readonly httpStatus: number; readonly body: JsonValue }): void {
    if (this.signal.aborted) return;
    if (this.#array.begun) {
      this.#array.break(this.#print(body));
      return;
    }
    this.#response.statusCode = httpStatus;
    // What is still to come of the body may have no end.
    if (hasBody(this.request) && !this.request.complete) {
      this.#response.setHeader("connection", "close");
    }
    this.#send(this.#print(this.method?.responseStream ? [body] : body));
  }

  #print(json: JsonValue): string {
    return JSON.stringify(json, null, this.#indent);
  }

  #send(json: string): void {
    this.request.resume();
    this.#response.end(`${json}\n`);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Google's own libraries ask for enums as numbers; others get lines and indents unless they do not want them. */
function isForPeople(query: URLSearchParams): boolean {
  const pretty = query.get("$prettyPrint") ?? query.get("prettyPrint");
  if (pretty !== null) return pretty !== "0" && pretty !== "false";
  return !(query.get("$alt") ?? "").includes("enum-encoding=int");
}
