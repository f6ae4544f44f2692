import { expect, test } from "vitest";
import { queryText } from "../api/client";
import { curlText, exportPath } from "./apiCall";

test("a copied call asks for exactly this view and names the token without showing one", () => {
  expect(
    curlText("https://plimsoll.example", "/findings", {
      severity: ["critical", "high"],
      search: "no new",
      as_of: null,
    }),
  ).toBe(
    "curl -H \"Authorization: Bearer $PLIMSOLL_TOKEN\" 'https://plimsoll.example/api/v1/findings?severity=critical,high&search=no%20new'",
  );
});

test("a quote in a search cannot end the shell's string", () => {
  const text = curlText("https://p", "/hosts", { search: "a'; rm -rf /" });
  expect(text.split("'")).toHaveLength(3);
  expect(new URL(text.split("'")[1] ?? "").searchParams.get("search")).toBe("a'; rm -rf /");
});

test("an export has the filters of the view and all its pages", () => {
  expect(exportPath("/hosts", { environment: ["1"], limit: 50, cursor: "x" }, "csv")).toBe(
    "/api/v1/hosts/export?environment=1&format=csv",
  );
});

test("empty values are left out of a query", () => {
  expect(queryText({ a: "", b: undefined, c: [], d: 0, e: false })).toBe("d=0&e=false");
});
