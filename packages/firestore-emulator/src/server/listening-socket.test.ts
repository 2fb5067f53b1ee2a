import { randomBytes } from "node:crypto";
import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ByteClient, requestBytes, sendRaw } from "../../testing/byte-client.ts";
import { sampleRequests } from "../../testing/sample-requests.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";
import { statusCodes } from "../rpc-error.ts";

const request = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

function bytewise(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

function resetFrame(stream: number): Buffer {
  return Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, stream, 0, 0, 0, 8]);
}

describe("one port for HTTP/1 and HTTP/2", () => {
  const problems: unknown[] = [];
  let emulator: FirestoreEmulator;
  beforeAll(async () => {
    emulator = await startFirestoreEmulator({
      port: 0,
      onProblem: (error) => problems.push(error),
    });
  });
  afterAll(async () => {
    await emulator.close();
  });

  /** Whether both are still spoken, and nothing went wrong inside. */
  async function isUp(): Promise<boolean> {
    const client = new ByteClient(emulator.address);
    const bytes = requestBytes("ListCollectionIds", sampleRequests.ListCollectionIds);
    const { code } = await client.call("ListCollectionIds", bytes);
    client.close();
    const response = await fetch(`http://${emulator.address}/`);
    return code === statusCodes.OK && response.ok && problems.length === 0;
  }

  test("HTTP/1 is answered, also when it comes byte by byte", async () => {
    for (const chunks of [[Buffer.from(request)], bytewise(Buffer.from(request))]) {
      const answer = await sendRaw(emulator.port, chunks, 2000);
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/u);
    }
  });

  test("HTTP/2 is answered, also when it comes byte by byte", async () => {
    const bytes = Buffer.concat([preface, emptySettings]);
    for (const chunks of [[bytes], bytewise(bytes)]) {
      const answer = await sendRaw(emulator.port, chunks);
      // The server's settings: a frame of type 4 on stream 0.
      expect([...answer.subarray(3, 9)]).toEqual([4, 0, 0, 0, 0, 0]);
    }
  });

  test("what is neither is cut off or told so, and does no harm", async () => {
    const garbage = [
      [],
      [Buffer.from("P")],
      [Buffer.from("PR")],
      [Buffer.from("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")],
      [preface, randomBytes(10_000)],
      [preface, Buffer.alloc(1000, 0xff)],
      [randomBytes(100_000)],
      [Buffer.from("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "latin1")],
      [Buffer.from("GET / HTTP/1.1\r\n\r\n\r\nGET")],
      [Buffer.from(`GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`)],
      [Buffer.from(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nshort`)],
    ];
    await Promise.all(garbage.map(async (chunks) => await sendRaw(emulator.port, chunks, 100)));
    expect(await isUp()).toBe(true);
  });

  test("many connections that come and go at once leave nothing behind", async () => {
    for (let round = 0; round < 5; round += 1) {
      const sockets = Array.from({ length: 100 }, (_, index) => {
        const socket = connect({ port: emulator.port, host: "127.0.0.1" });
        socket.on("error", () => {});
        if (index % 2 === 0) socket.write(preface.subarray(0, index % preface.length));
        return socket;
      });
      await setTimeout(5);
      for (const socket of sockets) socket.destroy();
    }
    expect(await isUp()).toBe(true);
  });

  test("floods of HTTP/2 frames are borne or cut off", async () => {
    const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const priority = Buffer.from([0, 0, 5, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 16]);
    const floods = [
      Buffer.concat(Array.from({ length: 5000 }, () => ping)),
      Buffer.concat(Array.from({ length: 5000 }, () => emptySettings)),
      Buffer.concat(Array.from({ length: 5000 }, () => priority)),
      Buffer.concat(Array.from({ length: 100 }, (_, index) => resetFrame(index * 2 + 1))),
    ];
    for (const flood of floods) {
      await sendRaw(emulator.port, [preface, emptySettings, flood], 100);
    }
    expect(await isUp()).toBe(true);
  });

  test("streams that are reset as soon as they are open do no harm", async () => {
    const session = connectHttp2(`http://${emulator.address}`);
    session.on("error", () => {});
    for (let count = 0; count < 500 && !session.closed && !session.destroyed; count += 1) {
      const stream = session.request({
        ":method": "POST",
        ":path": "/google.firestore.v1.Firestore/RunQuery",
        "content-type": "application/grpc",
      });
      stream.on("error", () => {});
      stream.close(constants.NGHTTP2_CANCEL);
    }
    await setTimeout(50);
    session.destroy();
    expect(await isUp()).toBe(true);
  });

  test("what is small only as long as it is compressed is refused", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const head = Buffer.alloc(5);
    head.writeUInt8(1, 0);
    head.writeUInt32BE(bomb.length, 1);
    const session = connectHttp2(`http://${emulator.address}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/google.firestore.v1.Firestore/Commit",
      "content-type": "application/grpc",
      "grpc-encoding": "gzip",
      te: "trailers",
    });
    const status = new Promise<unknown>((resolve) => {
      const note = (headers: Readonly<Record<string, unknown>>): void => {
        if (headers["grpc-status"] !== undefined) resolve(headers["grpc-status"]);
      };
      stream.on("response", note);
      stream.on("trailers", note);
      stream.on("error", resolve);
    });
    stream.resume();
    stream.end(Buffer.concat([head, bomb]));
    expect(await status).toBe(String(statusCodes.RESOURCE_EXHAUSTED));
    session.destroy();
    expect(await isUp()).toBe(true);
  });

  test("closing cuts connections of every kind, also those that never said what they are", async () => {
    await using other = await startFirestoreEmulator({ port: 0 });
    const sockets = [Buffer.from("PR"), preface, Buffer.from("GET / HTTP/1.1\r\n")].map((start) => {
      const socket = connect({ port: other.port, host: "127.0.0.1" });
      socket.on("error", () => {});
      socket.write(start);
      return socket;
    });
    await setTimeout(50);
    const closed = Promise.all(
      sockets.map(
        async (socket) =>
          await new Promise((resolve) => {
            socket.resume();
            socket.once("close", resolve);
          }),
      ),
    );
    await other.close();
    expect((await closed).length).toBe(3);
  });
});
