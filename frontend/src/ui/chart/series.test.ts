import { describe, expect, test } from "vitest";
import { csvOf, folded, isAlone, rowsOf, type Series } from "./series";

const one = (name: string, values: (number | null)[]): Series => ({ name, colour: "--info", values });

describe("the series of a chart", () => {
  test("a gap stays empty in the table and the file, and is no zero", () => {
    const series = [one("open", [3, null]), one("resolved", [-1, 0])];
    expect(rowsOf(["2026-01-01", "2026-01-02"], series)).toEqual([
      ["2026-01-01", "3", "1"],
      ["2026-01-02", "", "0"],
    ]);
    expect(csvOf(["2026-01-01"], [one('a "quoted", name', [1])])).toBe(
      'day,"a ""quoted"", name"\n2026-01-01,1',
    );
  });

  test("more than six are folded, the largest are kept and nothing is lost", () => {
    const many = Array.from({ length: 9 }, (_, index) => one(`s${index}`, [index, null]));
    const few = folded(many);
    expect(few).toHaveLength(6);
    expect(few.map((series) => series.name)).toEqual(["s4", "s5", "s6", "s7", "s8", "other"]);
    expect(few.reduce((sum, series) => sum + (series.values[0] ?? 0), 0)).toBe(36);
    expect(few.at(-1)?.values[1]).toBeNull();
  });
});

test("a day between gaps is marked, one that a line leads to is not", () => {
  const alone = (values: (number | null)[]) => values.map((_, index) => isAlone(values, index));
  expect(alone([null, null, 0])).toEqual([false, false, true]);
  expect(alone([4, null, 5, 6, null])).toEqual([true, false, false, false, false]);
});

test("marks are a column of the file, and no text in it is a formula", () => {
  const marks = [
    { day: "2026-01-02", text: "=HYPERLINK(1)" },
    { day: "2026-01-02", text: "a risk" },
  ];
  expect(csvOf(["2026-01-01", "2026-01-02"], [one("open", [1, 2])], "day", marks)).toBe(
    "day,open,marks\n2026-01-01,1,\n2026-01-02,2,'=HYPERLINK(1); a risk",
  );
});
