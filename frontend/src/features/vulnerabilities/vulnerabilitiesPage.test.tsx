import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Vulnerability } from "../../api/vulnerabilities";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve } from "../../testing/server";
import { VulnerabilitiesPage } from "./vulnerabilitiesPage";
import { fixSentence } from "./vulnerabilityWords";

const NONE = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };

function row(changes: Partial<Vulnerability> = {}): Vulnerability {
  return {
    id: 7,
    key: "CVE-2026-1",
    aliases: ["GHSA-aaaa"],
    title: "a flaw",
    severity: "critical",
    severities: [],
    scores: [],
    epss: 0.4,
    epss_percentile: 0.97,
    exploited_since: "2026-09-01",
    fix_due_at: "2026-09-22",
    is_used_by_ransomware: false,
    fixed_in: "some",
    fixed_versions: ["3.0.2-1", "3.0.3"],
    findings: 12,
    severity_counts: { ...NONE, critical: 12 },
    agreement: { agreed: 8, disputed: 3, single_source: 1 },
    in_use: { seen: { value: 4, exact: true }, not_seen: { value: 5, exact: true } },
    images: 9,
    hosts: { value: 300, exact: false },
    containers_running: { value: 41, exact: true },
    environments: [],
    ecosystems: ["deb"],
    published_at: null,
    first_seen_at: "2026-11-01T00:00:00Z",
    ...changes,
  };
}

describe("vulnerabilities", () => {
  useBrowser();

  test("a row says how far it reaches, where it is fixed and where tools differ", async () => {
    serve({
      "GET /session": SESSION,
      "GET /vulnerabilities": () => list([row()]),
      "GET /vulnerabilities/facets": () => ({ body: { facets: [] } }),
    });
    show(<VulnerabilitiesPage />, "/vulnerabilities");
    const line = (await screen.findByText("CVE-2026-1")).closest("tr") as HTMLElement;
    expect(within(line).getByText("3 disputed")).toBeDefined();
    expect(within(line).getByText("exploited").closest("[title]")?.getAttribute("title")).toBe(
      "In CISA's catalogue since 1 September 2026; to be fixed by 22 September 2026",
    );
    expect(line.textContent).toContain("some: 3.0.2-1 +1");
    expect(line.textContent).toContain("40 %");
    expect(within(line).getByText("in use").closest("[title]")?.getAttribute("title")).toBe(
      "Seen loaded in a running container: 4 of 12 open findings",
    );
  });

  test.each([
    [0, 12, 12, "not seen"],
    [0, 5, 12, "not seen, in part"],
    [0, 0, 12, "not measured"],
  ])("of %i seen and %i not seen of %i it says so: %s", async (seen, unseen, findings, words) => {
    const in_use = { seen: { value: seen, exact: true }, not_seen: { value: unseen, exact: true } };
    serve({
      "GET /session": SESSION,
      "GET /vulnerabilities": () => list([row({ in_use, findings })]),
      "GET /vulnerabilities/facets": () => ({ body: { facets: [] } }),
    });
    show(<VulnerabilitiesPage />, "/vulnerabilities");
    const line = (await screen.findByText("CVE-2026-1")).closest("tr") as HTMLElement;
    expect(within(line).getByText(words)).toBeDefined();
  });

  test("the drawer keeps what the list said when more cannot be read", async () => {
    serve({
      "GET /session": SESSION,
      "GET /vulnerabilities": () => list([row()]),
      "GET /vulnerabilities/facets": () => ({ body: { facets: [] } }),
      "GET /vulnerabilities/7": () => ({ status: 503, body: { title: "Not available", code: "down" } }),
    });
    const user = userEvent.setup();
    show(<VulnerabilitiesPage />, "/vulnerabilities");
    await user.click(await screen.findByText("CVE-2026-1"));
    const drawer = await screen.findByRole("region", { name: "vulnerability" });
    expect(await within(drawer).findByText("Not available")).toBeDefined();
    expect(within(drawer).getByRole("heading", { level: 1 }).textContent).toBe("CVE-2026-1");
  });

  test("nothing at all says why", async () => {
    serve({
      "GET /session": SESSION,
      "GET /vulnerabilities": () => list([]),
      "GET /vulnerabilities/facets": () => ({ body: { facets: [] } }),
    });
    show(<VulnerabilitiesPage />, "/vulnerabilities");
    expect(await screen.findByText("No vulnerability touches the fleet")).toBeDefined();
  });
});

test("the sentence on the fix says how much of it can be mended", () => {
  expect(fixSentence(row())).toBe("A version mends a part of the 12 open findings in 9 images.");
  expect(fixSentence(row({ fixed_in: "all", findings: 1, images: 1 }))).toBe(
    "A version mends all 1 open finding in 1 image.",
  );
  expect(fixSentence(row({ findings: 0 }))).toBe("Nothing is open.");
});
