import { expect, test } from "vitest";
import { pathOf, showsPast } from "./paths";
import { carriedSearch, readMoment } from "./scope";

test("scope and date go along, a list's own filters do not", () => {
  expect(carriedSearch("?environment=2&as_of=2026-03-03T09:00:00Z&severity=high&open=4")).toBe(
    "?environment=2&as_of=2026-03-03T09:00:00Z",
  );
  expect(carriedSearch("?severity=high", { check: "a.b" })).toBe("?check=a.b");
  expect(carriedSearch("")).toBe("");
});

test("a date in the address that cannot be read is the present", () => {
  expect(readMoment("yesterday-ish")).toBeNull();
  expect(readMoment(null)).toBeNull();
  expect(readMoment("2026-03-03T10:00:00+01:00")).toBe("2026-03-03T09:00:00Z");
  expect(readMoment("2026-03-03T23:59:59.999999Z")).toBe("2026-03-03T23:59:59.999999Z");
});

test("every kind of asset has its page, an unknown kind has none", () => {
  expect(pathOf("host", 3)).toBe("/hosts/3");
  expect(pathOf("check", "docker.daemon.icc")).toBe("/checks/docker.daemon.icc");
  expect(pathOf("cluster", 3)).toBeNull();
});

test("pages without a past are known", () => {
  expect(showsPast("/hosts/3")).toBe(true);
  expect(showsPast("/defences")).toBe(true);
  expect(showsPast("/affected")).toBe(true);
  expect(showsPast("/today")).toBe(true);
  expect(showsPast("/actions")).toBe(true);
  expect(showsPast("/vulnerabilities/7")).toBe(true);
  expect(showsPast("/packages")).toBe(true);
  expect(showsPast("/nodes")).toBe(false);
});
