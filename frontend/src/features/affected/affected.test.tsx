import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Affected } from "../../api/affected";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { choicesFrom, questionsFrom } from "../../ui/shell/search";
import { AffectedPage } from "./affectedPage";
import { reachText, verdictOf } from "./verdict";

const LIBSSL = {
  id: 5,
  ecosystem: "deb",
  namespace: "debian",
  name: "libssl3",
  version: "3.0.1-1",
  distribution: "debian-12",
  fixed_version: "3.0.2-1",
};
const UNAFFECTED: Affected = {
  about: "vulnerability",
  known: true,
  vulnerability: {
    id: 1,
    key: "CVE-2026-0001",
    title: "A flaw in openssl",
    severity: "high",
    epss: 0.412,
    exploited_since: null,
  },
  advisories: 1,
  feeds: [{ name: "OSV Debian", last_success_at: "2026-03-03T09:00:00Z", data_at: "2026-03-01T09:00:00Z" }],
  packages_total: 0,
  packages: [],
  undecidable: [],
  images_total: 0,
  images: [],
  containers_total: 0,
  hosts_total: 0,
  hosts: [],
  environments: [],
};
const AFFECTED: Affected = {
  ...UNAFFECTED,
  packages_total: 1,
  packages: [LIBSSL],
  images_total: 312,
  images: [{ id: 7, name: "web:1.2", containers: 40 }],
  containers_total: 40,
  hosts_total: 1,
  hosts: [{ id: 12, name: "quay-1", containers: 40 }],
  environments: [{ id: 3, slug: "production", name: "Production", hosts: 1 }],
};
const UNKNOWN: Affected = { ...UNAFFECTED, known: false, vulnerability: null, advisories: 0, feeds: [] };

function serveAnswer(answer: Affected) {
  return serve({ "GET /session": SESSION, "GET /affected": () => ({ body: answer }) });
}

describe("are we affected", () => {
  useBrowser();

  test("the address is the question, and the answer says where", async () => {
    const calls = serveAnswer(AFFECTED);
    show(<AffectedPage />, "/affected?q=CVE-2026-0001&as_of=2026-03-03T09:00:00Z");
    expect(await screen.findByText("312 images, 40 containers on 1 host in 1 environment.")).toBeTruthy();
    const asked = calls.find((call) => call.path === "/affected")?.query;
    expect(Object.fromEntries(asked ?? [])).toEqual({ q: "CVE-2026-0001", as_of: "2026-03-03T09:00:00Z" });
    const image = within(screen.getByRole("table", { name: "Images" })).getByRole("link", {
      name: "web:1.2",
    });
    expect(image.getAttribute("href")).toBe("/images/7?as_of=2026-03-03T09:00:00Z");
    expect(screen.getByText("the first 1 are listed")).toBeTruthy();
    expect(screen.getByRole("table", { name: "Packages" }).textContent).toContain("3.0.2-1");
    expect(screen.getByText("EPSS 41 %")).toBeTruthy();
  });

  test("not affected says on which feeds that rests; not known says that this is another thing", async () => {
    serveAnswer(UNAFFECTED);
    const first = show(<AffectedPage />, "/affected?q=CVE-2026-0001");
    expect(await screen.findByText("Not affected, as far as is known.")).toBeTruthy();
    expect(screen.getByRole("region", { name: "Answer" }).textContent).toContain("OSV Debian (read ");
    first.unmount();
    serveAnswer(UNKNOWN);
    show(<AffectedPage />, "/affected?q=CVE-2099-1234");
    expect(
      await screen.findByText("Nothing here knows of CVE-2099-1234: that is not the same as unaffected."),
    ).toBeTruthy();
    expect(screen.getByRole("link", { name: "feed of advisories" }).getAttribute("href")).toBe("/feeds");
    expect(screen.queryByText("not affected")).toBeNull();
  });

  test("what cannot be compared is no all-clear, and says why", async () => {
    serveAnswer({ ...UNAFFECTED, undecidable: [{ ...LIBSSL, reason: "“latest” is no version of deb." }] });
    show(<AffectedPage />, "/affected?q=CVE-2026-0001");
    expect(
      await screen.findByText(/Nothing is found, but 1 package has a version that cannot be compared/),
    ).toBeTruthy();
    expect(screen.getByText("“latest” is no version of deb.")).toBeTruthy();
  });

  test("asking writes the address; a vulnerability has no versions, a package has", async () => {
    const calls = serveAnswer(UNAFFECTED);
    const user = userEvent.setup();
    show(<AffectedPage />, "/affected?environment=7");
    const field = await screen.findByLabelText(/^CVE, another name/);
    await user.type(field, "openssl");
    await user.type(screen.getByLabelText(/^Versions/), "<3.0.2-1");
    await user.click(screen.getByRole("button", { name: "Ask" }));
    await waitFor(() => expect(window.location.search).toContain("q=openssl"));
    expect(window.location.search).toContain("environment=7");
    await screen.findByText(
      "Not affected, as far as is known. Only the environment that is chosen above was looked at.",
    );
    expect(Object.fromEntries(calls.at(-1)?.query ?? [])).toEqual({
      q: "openssl",
      versions: "<3.0.2-1",
      environment: "7",
    });
    const again = screen.getByLabelText(/^CVE, another name/);
    await user.clear(again);
    await user.type(again, "CVE-2026-0001{Enter}");
    await waitFor(() => expect(window.location.search).toBe("?environment=7&q=CVE-2026-0001"));
    expect(screen.getByLabelText(/^Versions/).hasAttribute("disabled")).toBe(true);
  });

  test("what the server does not understand is said at its field", async () => {
    serve({
      "GET /session": SESSION,
      "GET /affected": () => ({
        status: 400,
        body: { title: "Bad request", errors: [{ field: "versions", message: "For example >=1.2,<2.0." }] },
      }),
    });
    show(<AffectedPage />, "/affected?q=openssl&versions=>>1");
    const said = await screen.findByText("For example >=1.2,<2.0.");
    expect(said.closest(".mantine-InputWrapper-root")?.contains(screen.getByLabelText(/^Versions/))).toBe(
      true,
    );
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  });

  test("without a question nothing is asked, and the page says what can be", async () => {
    const calls = serveAnswer(UNAFFECTED);
    show(<AffectedPage />, "/affected");
    expect(await screen.findByText("Ask for a vulnerability or a package")).toBeTruthy();
    expect(calls.some((call) => call.path === "/affected")).toBe(false);
    expect(screen.queryByRole("button", { name: "As API call" })).toBeNull();
  });
});

test("the reach is told in words that fit its numbers", () => {
  expect(
    reachText({ ...AFFECTED, images_total: 1, containers_total: 0, hosts_total: 0, environments: [] }),
  ).toBe("1 image, of which no container runs");
  expect(verdictOf({ ...UNKNOWN, images_total: 1 })).toBe("affected");
});

test("a CVE in the search is offered as a question before anything that is found", () => {
  expect(questionsFrom("cve-2024-3094 ")).toEqual([
    {
      key: "question cve-2024-3094",
      group: "questions",
      name: "Are we affected by CVE-2024-3094?",
      detail: "",
      path: "/affected?q=cve-2024-3094",
    },
  ]);
  expect(questionsFrom("nginx")).toEqual([]);
  expect(choicesFrom([], [{ label: "Are we affected?", path: "/affected" }], "affe")).toHaveLength(1);
});
