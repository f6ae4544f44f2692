import { expect, test } from "vitest";
import { askable, namesVulnerability, questionSearch, readQuestion } from "./question";

test("names of vulnerabilities are known by their form", () => {
  for (const name of [
    "CVE-2024-1234",
    "cve-2021-44228 ",
    "GHSA-jfh8-c2jp-5v3q",
    "DSA-2024-1",
    "RHSA-2024:1234",
  ]) {
    expect(namesVulnerability(name)).toBe(true);
  }
  for (const name of ["openssl", "pkg:deb/debian/openssl", "CVE-2024", "lib-2024", ""]) {
    expect(namesVulnerability(name)).toBe(false);
  }
});

test("what cannot be asked of a vulnerability or of a package URL is left out", () => {
  const more = { ecosystem: "deb", versions: "<3" };
  expect(askable({ q: "CVE-2024-1234", ...more })).toEqual({
    q: "CVE-2024-1234",
    ecosystem: "",
    versions: "",
  });
  expect(askable({ q: "pkg:deb/debian/openssl", ...more }).ecosystem).toBe("");
  expect(askable({ q: " openssl ", ...more })).toEqual({ q: "openssl", ...more });
});

test("a question survives the address, and the date goes along", () => {
  const asked = { q: "pkg:npm/%40scope/name@1.0", ecosystem: "", versions: ">=1.2,<2" };
  const search = questionSearch(asked, "?as_of=2026-03-03T09:00:00Z&q=old&open=3");
  expect(readQuestion(search)).toEqual(asked);
  expect(search).toContain("as_of=2026-03-03T09:00:00Z");
  expect(search).not.toContain("open");
});
