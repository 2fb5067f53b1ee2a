import { once } from "node:events";
import {
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";

/** gRPC's numbers of what Firestore answers when it has too much to do. */
export const faultStatuses = { RESOURCE_EXHAUSTED: 8, ABORTED: 10, UNAVAILABLE: 14 } as const;

/** What happens to a call. */
export type FirestoreFault =
  | { readonly status: number; readonly when: "before" }
  /** It is done, but the answer says that it failed. */
  | { readonly status: number; readonly when: "after" };

/** Stands before a Firestore server. */
export interface FaultyFirestore extends AsyncDisposable {
  readonly address: string;
  /** Calls that have failed so far. */
  readonly faults: number;
}

/** @param faultOf asked for each call by its method: `RunQuery`, `BatchWrite`, … */
export async function startFaultyFirestore(
  target: string,
  faultOf: (method: string) => FirestoreFault | undefined,
): Promise<FaultyFirestore> {
  const upstream = connect(`http://${target}`);
  upstream.on("error", () => undefined);
  const sessions = new Set<ServerHttp2Session>();
  let faults = 0;
  const server = createServer();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  server.on("stream", (near, headers) => {
    near.on("error", () => undefined);
    const fault = faultOf(String(headers[":path"]).split("/").at(-1) ?? "");
    if (fault !== undefined) faults += 1;
    if (fault?.when === "before") fail(near, fault.status);
    else forward(near, { headers, fault, far: upstream.request(withoutHost(headers)) });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    address: `127.0.0.1:${port}`,
    get faults() {
      return faults;
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      server.close();
      await Promise.resolve();
    },
  };
}

function withoutHost(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { host: _, ":authority": __, ...rest } = headers;
  return rest;
}

/** The answer of a call that failed: headers and trailers in one. */
function fail(near: ServerHttp2Stream, status: number): void {
  near.respond(
    {
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": String(status),
      "grpc-message": "a fault for a test",
    },
    { endStream: true },
  );
  near.resume();
}

function forward(
  near: ServerHttp2Stream,
  {
    fault,
    far,
  }: {
    readonly headers: IncomingHttpHeaders;
    readonly fault: FirestoreFault | undefined;
    readonly far: ReturnType<ReturnType<typeof connect>["request"]>;
  },
): void {
  far.on("error", () => near.close(constants.NGHTTP2_INTERNAL_ERROR));
  // A server closes the connection to who resets very many streams: those that are over need none.
  near.on("close", () => void (far.readableEnded || far.close(constants.NGHTTP2_CANCEL)));
  near.pipe(far);
  if (fault !== undefined) {
    far.resume();
    far.on("end", () => fail(near, fault.status));
    return;
  }
  far.on("response", (headers) => {
    if (headers["grpc-status"] !== undefined) {
      near.respond(headers, { endStream: true });
      return;
    }
    near.respond(headers, { waitForTrailers: true });
    let trailers: IncomingHttpHeaders = {};
    far.on("trailers", (found) => {
      trailers = found;
    });
    near.on("wantTrailers", () => near.sendTrailers(trailers));
    far.pipe(near);
  });
}
