import { screen, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { FindingPanel } from "./finding";

const FINDING = {
  id: 7,
  kind: "vulnerability",
  title: "CVE-2026-1 in libssl3 3.0",
  state: "open",
  severity: "high",
  points: 60,
  check: null,
  vulnerability: { id: 1, key: "CVE-2026-1", title: "", is_exploited: false, epss: null },
  package: { id: 2, ecosystem: "deb", name: "libssl3", version: "3.0", architecture: "", distribution: "" },
  use: "not_measured",
  agreement: "single_source",
  fix: "fixed",
  fixed_versions: ["3.1"],
  asset: { kind: "image", id: 5, name: "shop/web" },
  host: null,
  environment: null,
  first_opened_at: "2026-11-01T00:00:00Z",
  opened_at: "2026-11-01T00:00:00Z",
  closed_at: null,
  times_opened: 1,
  assignee: null,
  team: null,
  deadline: null,
  decision: null,
  activity: [],
  related: { value: 0, exact: true },
  evidence: [],
  rationale: "",
  remediation: "Upgrade libssl3 to 3.1.",
  requirements: {},
  factors: [],
  intervals: [],
  words: [],
  use_evidence: null,
  share: null,
  statements: [
    {
      author: "Shop",
      status: "not_affected",
      justification: "component_not_present",
      detail: "",
      action: "",
      product: "pkg:deb/debian/libssl3",
      stated_at: null,
    },
  ],
};

describe("the panel of a finding", () => {
  useBrowser();

  test("what a VEX document says of a finding is shown, and the finding stays what it is", async () => {
    serve({ "GET /session": SESSION, "GET /findings/7": () => ({ body: FINDING }) });
    show(<FindingPanel id="7" row={undefined} />, "/findings?open=7");
    const table = await screen.findByRole("table", { name: "VEX statements" });
    expect(within(table).getByText("Shop")).toBeTruthy();
    expect(within(table).getByText("not affected")).toBeTruthy();
    expect(within(table).getByText("component not present")).toBeTruthy();
    expect(screen.getByText("Upgrade libssl3 to 3.1.")).toBeTruthy();
  });
});
