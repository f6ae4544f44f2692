import { expect, test } from "vitest";
import { worthShowing } from "./facets";

function value(name: string, count: number) {
  return { value: name, label: name, count: { value: count, exact: true } };
}

test("a short facet keeps its order and its zeros", () => {
  const values = [value("critical", 0), value("high", 3)];
  expect(worthShowing(values, [])).toEqual(values);
});

test("a long facet shows most first and leaves out zeros that are not chosen", () => {
  const values = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((name, index) => value(name, index % 3));
  expect(worthShowing(values, ["a"]).map((entry) => entry.value)).toEqual([
    "c",
    "f",
    "i",
    "b",
    "e",
    "h",
    "a",
  ]);
});
