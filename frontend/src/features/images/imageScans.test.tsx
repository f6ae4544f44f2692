import { screen, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve } from "../../testing/server";
import { ImageScans } from "./imageScans";

const SCAN = {
  tool: "trivy",
  tool_version: "0.70",
  format: "Trivy JSON, schema 2",
  state: "partial",
  reason: "one item could not be read",
  told_at: "2026-11-01T00:00:00Z",
  data_at: null,
  first_seen_at: "2026-11-01T00:00:00Z",
  last_seen_at: "2026-11-01T00:00:00Z",
  findings: 1,
  packages: null,
  skipped: [{ where: "Results[0]", reason: "no name" }],
  skipped_total: 1,
};

const WORD = {
  id: 3,
  vulnerability: { id: 1, key: "CVE-2026-1", title: "", is_exploited: false, epss: null },
  package: { id: 2, ecosystem: "deb", name: "libssl3", version: "3.0", architecture: "", distribution: "" },
  severity: "high",
  agreement: "disputed",
  fix: "fixed",
  cells: [
    { tool: "grype", says: "silent", severity: null, status: null, fixed_versions: [] },
    { tool: "syft", says: "not_looked", severity: null, status: null, fixed_versions: [] },
    { tool: "trivy", says: "affected", severity: "high", status: "fixed", fixed_versions: ["3.1"] },
  ],
};

describe("what scanners say of an image", () => {
  useBrowser();

  test("silence of a tool that looked is told apart from not having looked", async () => {
    serve({
      "GET /session": SESSION,
      "GET /images/5/scans": () => ({
        body: ["grype", "syft", "trivy"].map((tool) => ({ ...SCAN, tool })),
      }),
      "GET /images/5/words": () => list([WORD]),
    });
    show(<ImageScans id="5" />, "/images/5?tab=scans");
    const row = (await screen.findByText("CVE-2026-1")).closest("tr") as HTMLElement;
    const cells = within(row)
      .getAllByRole("cell")
      .map((cell) => cell.textContent);
    expect(cells.slice(-3)).toEqual(["does not say so", "did not look", " high3.1"]);
    expect(screen.getAllByText("partly read")).toHaveLength(3);
    expect(screen.getAllByText("one item could not be read")).toHaveLength(3);
  });

  test("no scan is not measured, which is not clean", async () => {
    serve({ "GET /session": SESSION, "GET /images/5/scans": () => ({ body: [] }) });
    show(<ImageScans id="5" />, "/images/5?tab=scans");
    expect(await screen.findByText("No scanner has told of this image")).toBeDefined();
  });
});
