import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readBody } from "./read-body.ts";

const limits = { bytes: 1000, endBytes: 5000, ms: 300 };

/** What is made of the body of one request, which is written to a socket as it is. */
async function bodyOf(head: string, write: (send: (chunk: Uint8Array) => void) => void) {
  const server = createServer();
  const read = new Promise<string>((resolve) => {
    server.on("request", (request, response) => {
      readBody(request, limits)
        .catch(String)
        .then((body) => {
          response.end();
          resolve(body);
          return body;
        })
        .catch(() => {});
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port.
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
  write((chunk) => {
    if (chunk.length === 0) socket.destroy();
    else socket.write(chunk);
  });
  const body = await read;
  socket.destroy();
  server.closeAllConnections();
  server.close();
  return body;
}

const leave = Buffer.alloc(0);

test("a body in chunks is put together, also amid a character", async () => {
  const body = await bodyOf("Transfer-Encoding: chunked", (send) => {
    for (const byte of Buffer.from("é€😀")) send(Buffer.from([0x31, 13, 10, byte, 13, 10]));
    send(Buffer.from("0\r\n\r\n"));
  });
  expect(body).toBe("é€😀");
});

test("a body that stops coming is given up", async () => {
  const body = await bodyOf("Content-Length: 10", (send) => {
    send(Buffer.from("x"));
  });
  expect(body).toContain("The body did not arrive within 300 ms.");
});

test("a body that is cut is no body", async () => {
  const body = await bodyOf("Content-Length: 10", (send) => {
    send(Buffer.from("x"));
    setTimeout(() => {
      send(leave);
    }, 50);
  });
  expect(body).toContain("The body cannot be read: aborted");
});

test("a compressed body that is cut is no body", async () => {
  const bytes = gzipSync(Buffer.from("x".repeat(100)));
  const cut = bytes.subarray(0, bytes.length - 4);
  const whole = await bodyOf(`Content-Encoding: gzip\r\nContent-Length: ${cut.length}`, (send) => {
    send(cut);
  });
  expect(whole).toContain("The body cannot be read: unexpected end of file");
  const left = await bodyOf(`Content-Encoding: gzip\r\nContent-Length: ${bytes.length}`, (send) => {
    send(cut);
    setTimeout(() => {
      send(leave);
    }, 50);
  });
  expect(left).toContain("The client is gone.");
});

test.each([
  [1000, "x".repeat(1000)],
  [1001, "RpcError: Request payload size exceeds the limit: 1000 bytes."],
  [10_000, "RpcError: Request payload size exceeds the limit: 1000 bytes."],
])("of %i bytes, at most 1000 are taken", async (length, expected) => {
  const plain = Buffer.from("x".repeat(length));
  for (const [encoding, bytes] of [
    ["identity", plain] as const,
    ["gzip", gzipSync(plain)] as const,
  ]) {
    const head = `Content-Encoding: ${encoding}\r\nContent-Length: ${bytes.length}`;
    const body = await bodyOf(head, (send) => {
      send(bytes);
    });
    expect(body).toBe(expected);
  }
});

test("what is no UTF-8 is refused", async () => {
  const body = await bodyOf("Content-Length: 2", (send) => {
    send(Buffer.from([0xc3, 0x28]));
  });
  expect(body).toContain("The body is not UTF-8.");
});
