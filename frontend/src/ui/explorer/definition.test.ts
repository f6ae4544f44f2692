import { expect, test } from "vitest";
import {
  type Column,
  listQuery,
  nextOrdering,
  shownColumns,
  sortDirection,
  withoutUsual,
} from "./definition";

const COLUMNS: Column<string>[] = [
  { id: "name", label: "Name", cell: (row) => row },
  { id: "load", label: "Load", cell: (row) => row },
  { id: "kernel", label: "Kernel", cell: (row) => row, usual: false },
];

test("the usual columns show until the reader chooses", () => {
  expect(shownColumns(COLUMNS, null).map((column) => column.id)).toEqual(["name", "load"]);
});

test("a choice keeps the definition's order and always the first column", () => {
  expect(shownColumns(COLUMNS, ["kernel"]).map((column) => column.id)).toEqual(["name", "kernel"]);
});

test("a choice of columns that are gone falls back to the usual ones", () => {
  expect(shownColumns(COLUMNS, ["removed"]).map((column) => column.id)).toEqual(["name", "load"]);
});

test("a header goes through its offered orderings in turn", () => {
  expect(nextOrdering(["-load", "load"], "name")).toBe("-load");
  expect(nextOrdering(["-load", "load"], "-load")).toBe("load");
  expect(nextOrdering(["-points"], "-points")).toBe("-points");
});

test("a header tells the direction only while it sorts", () => {
  expect(sortDirection(["-load", "load"], "-load")).toBe("descending");
  expect(sortDirection(["name"], "name")).toBe("ascending");
  expect(sortDirection(["name"], "-load")).toBeUndefined();
  expect(sortDirection(undefined, "-load")).toBeUndefined();
});

test("a fixed filter wins over one in the address, and only lists with a past ask for one", () => {
  const given = {
    filters: { host: ["9"] },
    fixed: { host: "3" },
    search: " web ",
    ordering: null,
    asOf: "2026-03-03T09:00:00Z",
  };
  expect(listQuery({ ...given, past: true })).toEqual({
    host: "3",
    search: "web",
    as_of: "2026-03-03T09:00:00Z",
  });
  expect(listQuery({ ...given, past: false })).toEqual({ host: "3", search: "web" });
});

test("filters that are on anyway stay out of the address", () => {
  expect(withoutUsual({ state: ["open"], severity: ["high"] }, { state: ["open"] })).toEqual({
    severity: ["high"],
  });
  expect(withoutUsual({ state: ["open", "resolved"] }, { state: ["open"] })).toEqual({
    state: ["open", "resolved"],
  });
});
