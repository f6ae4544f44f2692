import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { HostProbe } from "../../api/defences";
import type { Host } from "../../api/types";
import { evidence, hostRow, MECHANISMS, SINCE } from "../../testing/defences";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve } from "../../testing/server";
import { engineText } from "./hostFacts";
import { HostKernel } from "./hostKernel";
import { matching } from "./hostPackages";

const HOST = hostRow(1, "quay", "enforcing", "absent");
const PROBE: HostProbe = {
  node: { id: 4, name: "quay-probe", state: "healthy" },
  probe_version: "1.0",
  is_root: false,
  distribution: "Debian GNU/Linux 13",
  kernel_release: "6.12.48",
  reboot_required: null,
  packages: { manager: "dpkg", count: 2 },
  since: SINCE,
  not_measured: [
    { pointer: "/audit", reason: "needs root" },
    { pointer: "/docker", reason: "needs root" },
  ],
  skipped: [{ where: "/proc/1/maps", reason: "cannot be read" }],
  document: { kernel: { release: "6.12.48" } },
};
const PACKAGES = [
  { name: "openssl", version: "3.5.1-1", architecture: "amd64", source: "" },
  { name: "libssl3", version: "3.5.1-1", architecture: "amd64", source: "openssl" },
  { name: "bash", version: "5.2", architecture: "amd64", source: "" },
];

const ROUTES = {
  "GET /session": SESSION,
  "GET /mechanisms": () => ({ body: MECHANISMS }),
  "GET /hosts/1/probe": () => ({ body: PROBE }),
  "GET /hosts/1/packages": () => ({ body: PACKAGES }),
  "GET /defences": () =>
    list([
      evidence(HOST, "seccomp", ["filters are there"]),
      evidence(HOST, "lockdown", ["lockdown is none"]),
    ]),
};

describe("a host's kernel", () => {
  useBrowser();

  test("it lists what stands with its evidence, and what to do only where something is missing", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    show(<HostKernel id="1" />);
    const table = await screen.findByRole("table", { name: "Kernel defences" });
    expect(within(table).getByText("filters are there")).toBeTruthy();
    expect(within(table).getByText("Start with lockdown=integrity.")).toBeTruthy();
    expect(within(table).queryByText("Keep the default profile.")).toBeNull();
    await user.click(screen.getByRole("radio", { name: "Not enforcing 1" }));
    expect(within(table).queryByText("Seccomp")).toBeNull();
  });

  test("what was not measured is said by reason, and never as a yes or no", async () => {
    serve(ROUTES);
    show(<HostKernel id="1" />);
    const reason = (await screen.findByText("needs root")).closest("summary");
    expect(reason?.textContent).toBe("needs root (2)");
    expect(screen.getByText("Reboot required").nextSibling?.textContent).toBe("not measured");
    expect(screen.getByText("/proc/1/maps")).toBeTruthy();
  });

  test("packages are fetched when asked for, and found by their source too", async () => {
    const calls = serve(ROUTES);
    const user = userEvent.setup();
    show(<HostKernel id="1" />);
    const button = await screen.findByRole("button", { name: "Show packages" });
    expect(calls.some((call) => call.path === "/hosts/1/packages")).toBe(false);
    await user.click(button);
    await user.type(await screen.findByRole("searchbox", { name: "Search packages" }), "openssl");
    expect(screen.getByText("libssl3")).toBeTruthy();
    expect(screen.queryByText("bash")).toBeNull();
    expect(matching(PACKAGES, " BASH ")).toHaveLength(1);
  });

  test("without a probe it says what to do", async () => {
    serve({ "GET /session": SESSION });
    show(<HostKernel id="1" />);
    expect(await screen.findByText("No host probe reads this host")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Add a node" }).getAttribute("href")).toBe("/nodes?add=node");
  });
});

test("a host that only a probe reads has no engine", () => {
  expect(engineText({ engine: "", engine_version: "" } as Host)).toBe("");
  expect(engineText({ engine: "docker", engine_version: "29.7.2" } as Host)).toBe("docker 29.7.2");
});
