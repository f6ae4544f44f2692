import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { counts, evidence, hostRow, MECHANISMS } from "../../testing/defences";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve } from "../../testing/server";
import { DefencesPage } from "./defencesPage";
import { labelsOf } from "./labelField";
import { addressOfState } from "./matchingCounts";
import { addressOfGroup } from "./matrixGroups";

const HOSTS = [
  hostRow(1, "quay", "enforcing", "absent"),
  hostRow(2, "jetty", "not_measured", "enforcing"),
] as const;

const GROUP = {
  group: "",
  label: "All",
  assets: 2,
  mechanisms: [
    { mechanism: "seccomp", states: counts({ enforcing: 1, not_measured: 1 }) },
    { mechanism: "lockdown", states: counts({ enforcing: 1, absent: 1 }) },
  ],
};

const ROUTES = {
  "GET /session": SESSION,
  "GET /mechanisms": () => ({ body: MECHANISMS }),
  "GET /host-defences": () => list([...HOSTS]),
  "GET /host-defences/facets": () => ({ body: { facets: [] } }),
  "GET /host-defences/groups": (call: { query: URLSearchParams }) => ({
    body:
      call.query.get("by") === "all"
        ? [GROUP]
        : [{ ...GROUP, group: "Debian GNU/Linux 13", label: "Debian GNU/Linux 13" }],
  }),
  "GET /defences": (call: { query: URLSearchParams }) => {
    const host = HOSTS.find((known) => String(known.id) === call.query.get("asset")) ?? HOSTS[0];
    return list([
      evidence(host, "seccomp", [`seccomp on ${host.name}`]),
      evidence(host, "lockdown", [`lockdown on ${host.name}`]),
    ]);
  },
};

describe("the kernel defence matrix", () => {
  useBrowser();

  test("a cell says its state in words and opens its evidence at an address of its own", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    show(<DefencesPage />, "/defences");
    const row = (await screen.findByRole("link", { name: "quay" })).closest("tr") as HTMLElement;
    const cell = within(row).getByTitle(/Kernel lockdown: absent since/);
    expect(cell.textContent).toBe("absent");
    await user.click(cell);
    expect(window.location.search).toBe("?open=1&cell=lockdown");
    const panel = await screen.findByRole("region", { name: "host" });
    expect(within(panel).getByRole("heading", { level: 1 }).textContent).toBe("Kernel lockdown");
    expect(await within(panel).findByText("lockdown on quay")).toBeTruthy();
    expect(within(panel).getByText("Start with lockdown=integrity.")).toBeTruthy();
    expect(within(panel).getByText(/No rule lightens a finding/)).toBeTruthy();
  });

  test("j walks the rows at the same mechanism, h and l the mechanisms, Esc closes both", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    show(<DefencesPage />, "/defences?open=1&cell=lockdown");
    expect(await screen.findByText("lockdown on quay")).toBeTruthy();
    await user.keyboard("j");
    expect(await screen.findByText("lockdown on jetty")).toBeTruthy();
    await user.keyboard("h");
    expect(await screen.findByText("seccomp on jetty")).toBeTruthy();
    const panel = screen.getByRole("region", { name: "host" });
    expect(within(panel).getByText("× 0.90")).toBeTruthy();
    expect(within(panel).getByText(/It would lighten findings/)).toBeTruthy();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(window.location.search).toBe(""));
  });

  test("the summary under a header counts all that match and leads to the rows of a state", async () => {
    const calls = serve(ROUTES);
    const user = userEvent.setup();
    show(<DefencesPage />, "/defences?distribution=debian");
    const summary = await screen.findByRole("button", {
      name: "Kernel lockdown, all that match: 1 enforcing, 1 absent",
    });
    expect(calls.find((call) => call.path === "/host-defences/groups")?.query.get("distribution")).toBe(
      "debian",
    );
    await user.click(summary);
    await user.click(await screen.findByRole("menuitem", { name: /absent/ }));
    expect(window.location.search).toBe("?distribution=debian&absent=lockdown");
  });

  test("a group leads to its hosts", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    show(<DefencesPage />, "/defences");
    await user.selectOptions(
      await screen.findByRole("combobox", { name: "Group the hosts by" }),
      "distribution",
    );
    const table = await screen.findByRole("table", { name: "hosts by Distribution" });
    expect(within(table).getByText("1 enforcing, 1 absent")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Export" })).toBeNull();
    await user.click(within(table).getByRole("link", { name: "Debian GNU/Linux 13" }));
    expect(window.location.search).toBe("?distribution=Debian+GNU%2FLinux+13");
  });

  test("by mechanism every count is a link to its rows", async () => {
    serve(ROUTES);
    show(<DefencesPage />, "/defences?group=mechanism");
    const link = await screen.findByRole("link", { name: "1 absent: Kernel lockdown" });
    expect(link.getAttribute("href")).toBe("/defences?absent=lockdown");
  });

  test("every facet that is offered chooses the hosts to compare", async () => {
    const calls = serve({
      ...ROUTES,
      "GET /host-defences/facets": () => ({
        body: {
          facets: [
            {
              name: "absent",
              label: "Absent",
              values: [{ value: "lockdown", label: "Kernel lockdown", count: { value: 2, exact: true } }],
            },
          ],
        },
      }),
      "GET /host-defences/divergence": () => ({
        body: { hosts: [], hosts_total: 0, alike: 3, differences: [] },
      }),
    });
    const user = userEvent.setup();
    show(<DefencesPage />, "/defences?tab=differences");
    await user.click(await screen.findByRole("button", { name: /Kernel lockdown/ }));
    expect(await screen.findByText("No host that a probe reads matches these filters")).toBeTruthy();
    const asked = calls.filter((call) => call.path === "/host-defences/divergence");
    expect(asked.at(-1)?.query.get("absent")).toBe("lockdown");
  });

  test("the tabs keep the scope and drop what belongs to another list", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    show(<DefencesPage />, "/defences?environment=7&absent=lockdown");
    await user.click(await screen.findByRole("tab", { name: "Differences" }));
    expect(new URLSearchParams(window.location.search).get("environment")).toBe("7");
    expect(new URLSearchParams(window.location.search).get("absent")).toBeNull();
  });
});

test("an address for a state or a group drops what was open, and none is made where no filter can say it", () => {
  expect(addressOfState("?open=1&cell=ima&group=mechanism&search=a", "ima", "absent")).toBe(
    "?search=a&absent=ima",
  );
  expect(addressOfState("", "ima", "not_applicable")).toBeNull();
  expect(addressOfGroup("?group=kernel&absent=ima", "kernel", "6.12")).toBe("?absent=ima&kernel=6.12");
  expect(addressOfGroup("?group=manager", "manager", "")).toBeNull();
});

test("labels are offered with the most frequent first", () => {
  expect(
    labelsOf([
      { labels: { site: "a" } },
      { labels: { role: "web", site: "b" } },
      { labels: { role: "web" } },
    ]),
  ).toEqual(["role=web", "site=a", "site=b"]);
});
