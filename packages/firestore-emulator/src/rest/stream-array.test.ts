import { EventEmitter, once } from "node:events";
import { createServer, get, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { StreamArray } from "./stream-array.ts";

const large = JSON.stringify("x".repeat(1_000_000));

/** Sends with a real server; the client's side of it. */
async function responseOf(send: (array: StreamArray, response: ServerResponse) => Promise<void>) {
  const server = createServer((_request, response) => {
    const controller = new AbortController();
    response.once("close", () => {
      controller.abort();
    });
    void send(new StreamArray(response, controller.signal), response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("elements make one JSON array, however many they are", async () => {
  for (const count of [0, 1, 2, 3000]) {
    const elements = Array.from({ length: count }, (_, index) => ({
      index,
      text: "[{,é".repeat(9),
    }));
    await using server = await responseOf(async (array) => {
      for (const element of elements) await array.add(JSON.stringify(element));
      array.end();
    });
    expect(await (await fetch(server.url)).json()).toEqual(elements);
  }
});

test("nothing is sent before there is enough, so that an error still has a status", async () => {
  await using server = await responseOf(async (array, response) => {
    await array.add('{"a":1}');
    expect(response.headersSent).toBe(false);
    expect(array.begun).toBe(false);
    await array.add(large);
    expect(array.begun).toBe(true);
    array.end();
  });
  expect(await (await fetch(server.url)).json()).toHaveLength(2);
});

test("a client that does not read holds the stream, and one that leaves lets it go", async () => {
  let sent = 0;
  const ended = new EventEmitter();
  await using server = await responseOf(async (array, outgoing) => {
    while (sent < 1000 && !outgoing.destroyed) {
      await array.add(large);
      sent += 1;
    }
    ended.emit("end");
  });
  const request = get(server.url);
  const [response] = await once(request, "response");
  response.pause();
  await new Promise((resolve) => {
    setTimeout(resolve, 300);
  });
  expect(sent).toBeLessThan(100);
  const isEnded = once(ended, "end");
  response.destroy();
  await isEnded;
  expect(sent).toBeLessThan(1000);
});

test("an answer that breaks off amid says why and does not pass for a whole one", async () => {
  await using server = await responseOf(async (array) => {
    await array.add(large);
    array.break('{"error":{}}');
  });
  let text = "";
  const reading = async (): Promise<void> => {
    const { body } = await fetch(server.url);
    if (!body) return;
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) text += chunk;
  };
  await expect(reading()).rejects.toThrow("terminated");
  expect(text.endsWith(',\n{"error":{}}')).toBe(true);
});
