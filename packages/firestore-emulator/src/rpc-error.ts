/** The gRPC status codes that this server answers with, by name. https://grpc.io/docs/guides/status-codes */
export const statusCodes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
} as const;

export type StatusName = keyof typeof statusCodes;

/** What a client is told: the status and the text of it. Clients match on both. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  /** The number of the status, where `@grpc/grpc-js` looks for it. */
  readonly code: number;
  readonly status: StatusName;

  constructor(status: StatusName, message: string) {
    super(message);
    this.status = status;
    this.code = statusCodes[status];
  }

  /** Where `@grpc/grpc-js` looks for the text. */
  get details(): string {
    return this.message;
  }
}

/** An `RpcError` with INVALID_ARGUMENT, which most of them have. */
export function invalidArgument(message: string): RpcError {
  return new RpcError("INVALID_ARGUMENT", message);
}
