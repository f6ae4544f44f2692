import { describe, expect, test } from "vitest";
import type { BurnDown, Remediation } from "../../api/trends";
import { bucketText, daysText, leftSeries, metSeries, shareMet } from "./remediationCharts";
import { daysBack } from "./span";

describe("what the charts of remediation show", () => {
  test("what came since is what is open beyond what is left, and a day that was not counted is a gap", () => {
    const told = {
      days: [
        { day: "2026-01-01", left: 3, open: 5 },
        { day: "2026-01-02", left: 2, open: null },
      ],
    } as BurnDown;
    expect(leftSeries(told).map((one) => one.values)).toEqual([
      [3, 2],
      [2, null],
    ]);
  });

  test("days on which nothing was due are not drawn as if all was well", () => {
    const told = {
      begin: "2026-01-01",
      end: "2026-01-03",
      days: [
        { day: "2026-01-01", resolved: 4, met: 0, missed: 0 },
        { day: "2026-01-02", resolved: 4, met: 1, missed: 2 },
      ],
    } as Remediation;
    expect(metSeries(told)).toMatchObject({
      days: ["2026-01-01", "2026-01-02", "2026-01-03"],
      series: [{ values: [null, 1, null] }, { values: [null, -2, null] }],
    });
    expect(metSeries({ ...told, days: [] }).series).toEqual([]);
    expect(shareMet({ met: 0, missed: 0 })).toBeNull();
  });

  test("times are words", () => {
    expect(bucketText({ from_days: 0, to_days: 1, resolved: 0 })).toBe("under 1 day");
    expect(bucketText({ from_days: 7, to_days: 15, resolved: 0 })).toBe("7 to 15 days");
    expect(bucketText({ from_days: 180, to_days: null, resolved: 0 })).toBe("180 days and more");
    expect([daysText(null), daysText(0.44), daysText(1234)]).toEqual(["–", "0.4 days", "1,234 days"]);
  });

  test("a span ends at the date that is looked at", () => {
    const now = new Date("2026-03-10T12:00:00Z");
    expect(daysBack(30, null, now)).toEqual({ from: "2026-02-08" });
    expect(daysBack(1, "2026-02-01T10:00:00Z", now)).toEqual({ from: "2026-01-31", to: "2026-02-01" });
  });
});
