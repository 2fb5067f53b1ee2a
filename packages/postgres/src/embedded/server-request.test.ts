import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  checkServerRequest,
  conflictOf,
  readServerRequest,
  type ServerRequest,
} from "./server-request.ts";
import { readSupervisorPlan } from "./supervisor-plan.ts";

const requests: fc.Arbitrary<ServerRequest> = fc.record(
  {
    durable: fc.boolean(),
    port: fc.integer({ min: 1, max: 65_535 }),
    settings: fc.dictionary(fc.stringMatching(/^[a-z][a-z_]{0,9}$/), fc.string()),
  },
  { requiredKeys: ["durable"] },
);

test("a request survives the way to the supervisor", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const arrived = readServerRequest(JSON.parse(JSON.stringify(request)));
      expect(JSON.stringify(arrived)).toBe(
        JSON.stringify({ ...readServerRequest({}), ...request }),
      );
    }),
    { numRuns: process.env["SLOW"] === undefined ? 10 : 100 },
  );
});

test("a request that was not made by this package is read as the safest one", () => {
  for (const value of [undefined, null, 1, "x", [], { durable: "no", port: "1" }]) {
    expect(readServerRequest(value)).toEqual({
      durable: true,
      port: undefined,
      settings: undefined,
    });
  }
});

test("a running server serves whoever asks for no more than it is", () => {
  const running = { durable: false, port: 5, settings: { a: "1", b: "2" } };
  expect(conflictOf(running, { durable: false })).toBeUndefined();
  expect(conflictOf(running, { durable: false, port: 5, settings: { b: "2" } })).toBeUndefined();
  expect(conflictOf(running, { durable: true })).toBe("with durable: false, not true");
  expect(conflictOf(running, { durable: false, port: 6 })).toBe("on port 5, not 6");
  expect(conflictOf(running, { durable: false, settings: { a: "2" } })).toBe(
    "without the setting a = 2",
  );
});

test("settings that this package decides are refused in any case", () => {
  expect(() => {
    checkServerRequest({ durable: true, settings: { Listen_Addresses: "*" } });
  }).toThrow("Listen_Addresses is decided by startEmbeddedPostgres");
  expect(() => {
    checkServerRequest({ durable: true, settings: { work_mem: "1\0" } });
  }).toThrow("its value holds a NUL character");
  checkServerRequest({ durable: true, settings: { "auto_explain.log_min_duration": "0" } });
});

test("a supervisor's plan survives its command line", () => {
  const plan = {
    folder: "/data/it's",
    binaries: { nativeDir: "/n", packageVersion: "18" },
    staleGeneration: 3,
  };
  expect(readSupervisorPlan(JSON.stringify(plan))).toEqual(plan);
  expect(readSupervisorPlan("")).toEqual({
    folder: "",
    binaries: { nativeDir: "", packageVersion: "" },
    staleGeneration: 0,
  });
});
