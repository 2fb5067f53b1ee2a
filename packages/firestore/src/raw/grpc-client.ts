import { FirestoreError } from "../firestore-error.ts";

/** What is used of grpc-js's `Metadata`. */
export interface GrpcMetadata {
  set(name: string, value: string): void;
}

/** What is used of grpc-js's `ClientReadableStream`. */
export interface GrpcStream {
  on(event: "data", listener: (message: Buffer) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  cancel(): void;
}

type Codec = (bytes: Buffer) => Buffer;

/** What is used of grpc-js's `Client`: calls whose messages are bytes. */
export interface GrpcStub {
  makeServerStreamRequest(
    path: string,
    serialize: Codec,
    deserialize: Codec,
    request: Buffer,
    metadata: GrpcMetadata,
  ): GrpcStream;
  makeUnaryRequest(
    path: string,
    serialize: Codec,
    deserialize: Codec,
    request: Buffer,
    metadata: GrpcMetadata,
    callback: (error: unknown, answer: Buffer | undefined) => void,
  ): { cancel(): void };
}

/** The SDK's own client of the protocol, with the connection and the credentials that it has. */
export interface GapicClient {
  initialize(): Promise<unknown>;
}

/** The SDK's pool of them. */
export interface ClientPool {
  run<T>(tag: string, needsGrpc: boolean, work: (client: GapicClient) => Promise<T>): Promise<T>;
}

/** The pool of a client of the SDK (9.4.1 keeps it in `_clientPool`). @throws {FirestoreError} UNSUPPORTED */
export function clientPoolOf(client: object): ClientPool {
  const pool: unknown = Reflect.get(client, "_clientPool");
  if (isPool(pool)) return pool;
  throw changedSdk();
}

/** The gRPC client below. @throws {FirestoreError} UNSUPPORTED */
export async function stubOf(client: GapicClient): Promise<GrpcStub> {
  const stub = await client.initialize();
  if (isStub(stub)) return stub;
  throw changedSdk();
}

/** Empty metadata of the very grpc-js that the stub is of. @throws {FirestoreError} UNSUPPORTED */
export function newMetadata(client: GapicClient): GrpcMetadata {
  const gax: unknown = Reflect.get(client, "_gaxModule");
  const grpc: unknown = isObject(gax) ? Reflect.get(gax, "grpc") : undefined;
  const Metadata: unknown = isObject(grpc) ? Reflect.get(grpc, "Metadata") : undefined;
  if (typeof Metadata === "function") {
    const metadata: unknown = Reflect.construct(Metadata, []);
    if (isMetadata(metadata)) return metadata;
  }
  throw changedSdk();
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof Reflect.get(value, name) === "function");
}

function isPool(value: unknown): value is ClientPool {
  return hasMethods(value, "run");
}

function isStub(value: unknown): value is GrpcStub {
  return hasMethods(value, "makeServerStreamRequest", "makeUnaryRequest");
}

function isMetadata(value: unknown): value is GrpcMetadata {
  return hasMethods(value, "set");
}

function changedSdk(): FirestoreError {
  return new FirestoreError(
    "UNSUPPORTED",
    "This version of @google-cloud/firestore keeps its connections elsewhere.",
    { hint: "Use the version that firebase-admin 14 brings." },
  );
}
