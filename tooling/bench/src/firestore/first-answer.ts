import { connect } from "node:http2";
import { connect as connectSocket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const path = "/google.firestore.v1.Firestore/BatchGetDocuments";
const database = "projects/bench-first/databases/(default)";
/** A BatchGetDocumentsRequest in its gRPC frame. */
const request = framed(
  Buffer.concat([field(1, database), field(2, `${database}/documents/first/answer`)]),
);
const answered = "0";

/**
 * Asks a server for a document that is not there until it answers, over plain HTTP/2: no client library that would take
 * its own time to load and to connect.
 *
 * @throws {Error} when it answers something else, or not within the time.
 */
export async function firstAnswer(port: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const status = (await isListening(port)) ? await askOnce(port) : undefined;
    if (status === answered) return;
    if (status !== undefined) throw new Error(`The first answer was the status ${status}.`);
    if (performance.now() > deadline) throw new Error(`No answer within ${timeoutMs} ms.`);
    await sleep(2);
  }
}

/** Costs little: who is waited for has the machine for itself. */
async function isListening(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connectSocket(port, "127.0.0.1");
    const done = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => {
      done(true);
    });
    socket.once("error", () => {
      done(false);
    });
  });
}

/** The gRPC status; `undefined` when there is no answer yet. */
async function askOnce(port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const session = connect(`http://127.0.0.1:${port}`);
    const done = (status: string | undefined): void => {
      session.destroy();
      resolve(status);
    };
    session.on("error", () => {
      done(undefined);
    });
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      authorization: "Bearer owner",
    });
    const look = (headers: Readonly<Record<string, unknown>>): void => {
      const status = headers["grpc-status"];
      if (typeof status === "string") done(status);
    };
    stream.on("response", look);
    stream.on("trailers", look);
    stream.on("error", () => {
      done(undefined);
    });
    stream.resume();
    stream.end(request);
  });
}

/** A field of text of less than 128 bytes. */
function field(number: number, text: string): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2, text.length), Buffer.from(text)]);
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
