import { expect, test } from "vitest";
import { parsePostmasterPid } from "./postmaster-pid.ts";

test("a whole postmaster.pid gives process, port and status", () => {
  const text = "9015\n/data\n1795393204\n54777\n\n127.0.0.1\n 16048176        33\nready   \n";
  expect(parsePostmasterPid(text)).toEqual({ pid: 9015, port: 54_777, status: "ready" });
});

test("one that is still being written gives what is there", () => {
  expect(parsePostmasterPid("9015\n/data\n1795393204\n54777\n\n")).toEqual({
    pid: 9015,
    port: 54_777,
    status: undefined,
  });
  expect(parsePostmasterPid("-77\n/data\n")).toEqual({
    pid: 77,
    port: undefined,
    status: undefined,
  });
});

test.each(["", "\n", "x\n", "0\n"])("%j is no postmaster.pid", (text) => {
  expect(parsePostmasterPid(text)).toBeUndefined();
});
