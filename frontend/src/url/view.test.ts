import { describe, expect, test } from "vitest";
import { addressText, readView, splitValues, toggled, viewQuery, writeView } from "./view";

const NAMES = ["severity", "state", "host"];

describe("the view of a list in the address", () => {
  test("it reads filters, search, ordering, drawer and columns", () => {
    const view = readView(
      new URLSearchParams(
        "severity=critical,high&search=run&ordering=-points&open=12&columns=title,points&group=check",
      ),
      NAMES,
    );
    expect(view).toEqual({
      filters: { severity: ["critical", "high"] },
      search: "run",
      ordering: "-points",
      open: "12",
      cell: null,
      columns: ["title", "points"],
      group: "check",
    });
  });

  test("it leaves out empty and repeated values", () => {
    expect(readView(new URLSearchParams("severity=,high,,high&state="), NAMES).filters).toEqual({
      severity: ["high"],
    });
  });

  test("it keeps a comma inside a value together", () => {
    expect(splitValues("Debian 12\\, bookworm,Ubuntu")).toEqual(["Debian 12\\, bookworm", "Ubuntu"]);
  });

  test("writing and reading give the same view back", () => {
    const filters = { severity: ["critical", "high"], host: ["7"] };
    const params = writeView(
      new URLSearchParams(),
      { filters, search: "a b&c", ordering: "asset", open: "3" },
      NAMES,
    );
    const view = readView(new URLSearchParams(addressText(params)), NAMES);
    expect(view.filters).toEqual(filters);
    expect(view.search).toBe("a b&c");
    expect(view.ordering).toBe("asset");
    expect(view.open).toBe("3");
  });

  test("a change leaves alone what it does not own", () => {
    const params = writeView(
      new URLSearchParams("as_of=2026-03-03T09:00:00Z&tab=checks&severity=low"),
      { filters: {} },
      NAMES,
    );
    expect(addressText(params)).toBe("?as_of=2026-03-03T09:00:00Z&tab=checks");
  });

  test("walking to another row keeps the cell, closing the drawer drops it", () => {
    const params = writeView(new URLSearchParams(), { open: "3", cell: "seccomp" }, NAMES);
    expect(addressText(writeView(params, { open: "4" }, NAMES))).toBe("?open=4&cell=seccomp");
    expect(addressText(writeView(params, { open: null }, NAMES))).toBe("");
  });

  test("commas and colons stay readable", () => {
    expect(addressText(new URLSearchParams({ severity: "critical,high" }))).toBe("?severity=critical,high");
  });
});

test("a saved view keeps filters and columns, and no open row", () => {
  expect(viewQuery("?severity=high,low&open=3&group=check", null)).toBe("severity=high,low&group=check");
  expect(viewQuery("?search=a b%23", ["title", "points"])).toBe("search=a+b%23&columns=title,points");
  expect(viewQuery("?open=3&cell=ima", null)).toBe("");
});

describe("switching a filter's value", () => {
  test("a second value widens, the same value takes it off, the last one takes off the filter", () => {
    const one = toggled({}, "severity", "high");
    const two = toggled(one, "severity", "critical");
    expect(two).toEqual({ severity: ["high", "critical"] });
    expect(toggled(two, "severity", "high")).toEqual({ severity: ["critical"] });
    expect(toggled(one, "severity", "high")).toEqual({});
  });

  test("a filter with one value has it replaced", () => {
    expect(toggled({ privileged: ["true"] }, "privileged", "false", true)).toEqual({ privileged: ["false"] });
    expect(toggled({ privileged: ["true"] }, "privileged", "true", true)).toEqual({});
  });
});
