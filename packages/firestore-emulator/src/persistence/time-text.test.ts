import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Timestamp } from "../value/timestamp.ts";
import { parseTimeText, timeText } from "./time-text.ts";

describe("the text of a moment", () => {
  it("has microseconds, and more only where there is more", () => {
    expect(timeText(new Timestamp(1_767_323_045, 6000))).toBe("2026-01-02T03:04:05.000006Z");
    expect(timeText(new Timestamp(0, 1))).toBe("1970-01-01T00:00:00.000000001Z");
    expect(timeText(new Timestamp(-1, 999_999_000))).toBe("1969-12-31T23:59:59.999999Z");
  });

  it("is read as the moment that it was", () => {
    const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (at, nanos) => {
        expect(parseTimeText(timeText(new Timestamp(at, nanos)))).toEqual(new Timestamp(at, nanos));
      }),
    );
    expect(parseTimeText("2026-01-02T03:04:05Z")).toEqual(new Timestamp(1_767_323_045, 0));
  });

  it.each([
    "",
    "2026-01-02",
    "2026-01-02 03:04:05Z",
    "2026-01-02T03:04:05",
    "2026-01-02T03:04:05+01:00",
    "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-13-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-01-02T03:04:05.0123456789Z",
  ])("is not %j", (text) => {
    expect(parseTimeText(text)).toBeUndefined();
  });
});
