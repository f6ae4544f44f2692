import { describe, expect, test } from "vitest";
import {
  absoluteText,
  bytesText,
  chanceText,
  countText,
  dateText,
  durationText,
  fromLocalField,
  loadText,
  relativeText,
  spanText,
  toLocalField,
} from "./quantities";

describe("times", () => {
  const now = Date.parse("2026-03-03T09:00:00Z");

  test("they are relative to now, in the past and in the future", () => {
    expect(relativeText("2026-03-03T08:59:58Z", now)).toBe("just now");
    expect(relativeText("2026-03-03T08:55:00Z", now)).toBe("5 min ago");
    expect(relativeText("2026-03-01T09:00:00Z", now)).toBe("2 d ago");
    expect(relativeText("2026-03-03T12:00:00Z", now)).toBe("in 3 h");
  });

  test("an absolute time names its zone", () => {
    expect(absoluteText("2026-03-03T09:00:00Z")).toBe("3 March 2026, 09:00 UTC");
    expect(absoluteText("2026-03-03T00:30:00+02:00")).toBe("2 March 2026, 22:30 UTC");
    expect(absoluteText("no date")).toBe("no date");
  });

  test("a local field and back is the same moment", () => {
    expect(fromLocalField(toLocalField("2026-03-03T09:00:00Z"))).toBe("2026-03-03T09:00:00Z");
    expect(fromLocalField("")).toBeNull();
  });

  test("spans and durations choose their unit", () => {
    expect([spanText(45), spanText(720), spanText(3 * 3600), spanText(72 * 3600)]).toEqual([
      "45 s",
      "12 min",
      "3 h",
      "3 d",
    ]);
    expect([durationText(0.83), durationText(185), durationText(3700), durationText(null)]).toEqual([
      "0.8 s",
      "3 min 5 s",
      "1 h 1 min",
      "–",
    ]);
  });
});

describe("figures", () => {
  test("a count that stopped at its bound says so", () => {
    expect(countText({ value: 10_000, exact: false })).toBe("≥10,000");
    expect(countText({ value: 1284, exact: true })).toBe("1,284");
  });

  test("bytes are in binary units", () => {
    expect([bytesText(0), bytesText(1536), bytesText(512 * 1024 ** 3), bytesText(null)]).toEqual([
      "0 B",
      "1.5 KiB",
      "512 GiB",
      "–",
    ]);
  });

  test("a small load keeps a decimal", () => {
    expect([loadText(137.4), loadText(4.26), loadText(0)]).toEqual(["137", "4.3", "0"]);
  });
});

test("small chances differ too", () => {
  expect([0, 0.00004, 0.0005, 0.009, 0.41, 1].map(chanceText)).toEqual([
    "0 %",
    "under 0.01 %",
    "0.05 %",
    "0.9 %",
    "41 %",
    "100 %",
  ]);
});

test("a date of a catalogue has no time", () => {
  expect(dateText("2026-03-03")).toBe("3 March 2026");
});
