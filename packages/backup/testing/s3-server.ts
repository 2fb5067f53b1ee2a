import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Faults, type S3Fault, type S3FaultKind, type S3Operation } from "./s3-server-faults.ts";
import {
  operate,
  refusalReply,
  type S3Call,
  type S3Reply,
  type S3ServerQuirks,
} from "./s3-server-operations.ts";
import { S3Refusal } from "./s3-server-refusal.ts";
import { checkSignature, type S3ServerCredentials } from "./s3-server-signature.ts";
import { S3ServerStore } from "./s3-server-store.ts";

/** What kind of server. */
export interface S3ServerOptions extends S3ServerQuirks {
  /** The most that lists give at once. Default 1000. */
  readonly pageSize?: number;
  /** Parts but the last have at least so many bytes. Default 5 MiB, as S3. */
  readonly minPartBytes?: number;
}

/** What the server has answered, or not. */
export interface S3Seen {
  readonly operation: S3Operation;
  readonly key: string;
  readonly fault: S3FaultKind | undefined;
  readonly bodyBytes: number;
}

/** A server of S3 in this process, with one bucket in memory, that goes wrong when it is told to. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: S3ServerCredentials;
  readonly store: S3ServerStore;
  /** All requests, in order. */
  readonly seen: S3Seen[];
  fail(fault: S3Fault): void;
  clearFaults(): void;
}

/**
 * Starts a server that holds itself to S3's rules: signatures of version 4 with the body's hash, Content-MD5, conditional writes,
 * multipart uploads, lists in pages, ranges. Path style only.
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const store = new S3ServerStore(options.minPartBytes ?? 5 * 1024 ** 2);
  const faults = new S3Faults();
  const seen: S3Seen[] = [];
  const room: Room = {
    store,
    faults,
    seen,
    options,
    bucket: "test-bucket",
    credentials: { accessKeyId: "TESTKEY", secretAccessKey: "a secret of the tests" },
  };
  const server = createServer((request, response) => {
    answer(room, request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${addressOf(server.address()).port}`,
    bucket: room.bucket,
    credentials: room.credentials,
    store,
    seen,
    fail: (fault) => faults.plan(fault),
    clearFaults: () => faults.clear(),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Room {
  readonly store: S3ServerStore;
  readonly faults: S3Faults;
  readonly seen: S3Seen[];
  readonly options: S3ServerOptions;
  readonly bucket: string;
  readonly credentials: S3ServerCredentials;
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (typeof address !== "object" || address === null)
    throw new Error("The server does not listen.");
  return address;
}

async function answer(
  room: Room,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { key, query, bucket } = targetOf(request);
  const operation = operationOf(request, key, query);
  const fault = operation && room.faults.next(operation, key);
  if (fault === "reset-before") return void request.socket.destroy();
  if (fault === "reset-during") {
    // What has no body breaks at once.
    if (Number(request.headers["content-length"] ?? 0) > 0) await once(request, "data");
    return void request.socket.destroy();
  }
  let body = await bodyOf(request);
  if (operation) room.seen.push({ operation, key, fault, bodyBytes: body.length });
  if (fault === "stall") return;
  let reply: S3Reply;
  // Where Content-MD5 covers the body it is for that to find the damage, elsewhere for the signature.
  const hasMd5 = request.headers["content-md5"] !== undefined;
  if (fault === "flip-in" && !hasMd5) body = flipped(body);
  try {
    checkSignature(request, body, room.credentials);
    if (bucket !== room.bucket)
      throw new S3Refusal(404, "NoSuchBucket", "There is no such bucket.");
    if (!operation) throw new S3Refusal(405, "MethodNotAllowed", "That is not known here.");
    const refusal = refusalOf(fault);
    if (refusal) throw refusal;
    if (fault === "flip-in" && hasMd5) body = flipped(body);
    const call: S3Call = { operation, key, query, headers: request.headers, body };
    const { store, options } = room;
    reply = operate(
      { store, quirks: options, pageSize: options.pageSize ?? 1000, isStale: fault === "stale" },
      call,
    );
  } catch (error) {
    if (!(error instanceof S3Refusal)) throw error;
    reply = refusalReply(error);
    if (fault === "error-in-200") reply = { ...reply, status: 200 };
  }
  if (fault === "late-error")
    reply = refusalReply(new S3Refusal(500, "InternalError", "It was done, though."));
  if (fault === "lost-reply") return void request.socket.destroy();
  await send(response, reply, { fault, isHead: request.method === "HEAD" });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function refusalOf(fault: S3FaultKind | undefined): S3Refusal | undefined {
  if (fault === "internal-error" || fault === "error-in-200")
    return new S3Refusal(500, "InternalError", "Try again.");
  if (fault === "slow-down") return new S3Refusal(503, "SlowDown", "Reduce your request rate.");
  if (fault === "denied") return new S3Refusal(403, "AccessDenied", "Access Denied");
  if (fault === "quota") return new S3Refusal(403, "QuotaExceeded", "The bucket is full.");
  return undefined;
}

interface Sending {
  readonly fault: S3FaultKind | undefined;
  readonly isHead: boolean;
}

async function send(
  response: ServerResponse,
  reply: S3Reply,
  { fault, isHead }: Sending,
): Promise<void> {
  const { status, headers = {} } = reply;
  let body: Buffer = Buffer.from(reply.body ?? "");
  if (fault === "flip-out") body = flipped(body);
  response.writeHead(status, {
    ...headers,
    ...(status === 204 ? {} : { "content-length": body.length }),
  });
  if (isHead) return void response.end();
  if (fault !== "half-body" && fault !== "stall-body") return void response.end(body);
  response.flushHeaders();
  await new Promise((sent) => response.write(body.subarray(0, Math.ceil(body.length / 2)), sent));
  if (fault === "half-body") response.destroy();
}

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const at = Math.floor(copy.length / 2);
  if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function targetOf(request: IncomingMessage): {
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
} {
  const [path = "", query = ""] = (request.url ?? "/").split("?");
  const [, bucket = "", ...rest] = path.split("/");
  // A plus in a query that was not encoded is a space; the SDK encodes both.
  return { bucket, key: decodeURIComponent(rest.join("/")), query: new URLSearchParams(query) };
}

function operationOf(
  { method }: IncomingMessage,
  key: string,
  query: URLSearchParams,
): S3Operation | undefined {
  if (key === "") {
    if (method === "POST" && query.has("delete")) return "DeleteObjects";
    if (method !== "GET") return undefined;
    if (query.has("uploads")) return "ListMultipartUploads";
    return query.get("list-type") === "2" ? "ListObjectsV2" : undefined;
  }
  if (method === "HEAD") return "HeadObject";
  if (method === "GET") return query.has("uploadId") ? "ListParts" : "GetObject";
  if (method === "PUT") return query.has("uploadId") ? "UploadPart" : "PutObject";
  if (method === "DELETE") return query.has("uploadId") ? "AbortMultipartUpload" : "DeleteObject";
  if (method !== "POST") return undefined;
  return query.has("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload";
}
