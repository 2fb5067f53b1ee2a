import { RpcError, statusCodes, type StatusName } from "../rpc-error.ts";
import type { JsonObject } from "./json-text.ts";

/** What HTTP has for each status. https://cloud.google.com/apis/design/errors */
const httpStatuses: Readonly<Record<StatusName, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
};

/** An error as the APIs of Google tell it over HTTP. */
export interface RestError {
  readonly httpStatus: number;
  readonly body: JsonObject;
}

/** What the client is told of an error. @param error as `statusOf` gives it. */
export function restError(error: { readonly code: number; readonly details: string }): RestError {
  const status = statusNames.get(error.code) ?? "UNKNOWN";
  const httpStatus = httpStatuses[status];
  return {
    httpStatus,
    body: { error: { code: httpStatus, message: error.details, status } },
  };
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Object.entries` forgets which names there are.
const statusEntries = Object.entries(statusCodes) as [StatusName, number][];
const statusNames = new Map(statusEntries.map(([name, code]) => [code, name]));

/** There is nothing at a path. */
export function noSuchMethod(verb: string, path: string): RpcError {
  return new RpcError("NOT_FOUND", `There is no ${verb} ${path} here.`);
}
