import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Difference, Divergence } from "../../api/defences";
import type { AssetRef } from "../../api/types";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { isMinority } from "./differenceRow";
import { comparedText, Differences, isShown } from "./differences";

const HOSTS: AssetRef[] = ["quay", "jetty", "mole"].map((name, index) => ({
  kind: "host",
  id: index + 1,
  name,
}));
const [QUAY, JETTY, MOLE] = HOSTS as [AssetRef, AssetRef, AssetRef];

const LOCKDOWN: Difference = {
  pointer: "/kernel/lockdown",
  name: "Kernel lockdown",
  is_different: true,
  values: [
    { value: "integrity", hosts: [QUAY, JETTY] },
    { value: "none", hosts: [MOLE] },
  ],
  not_measured: [],
  absent: [],
};
const AUDIT: Difference = {
  pointer: "/audit/enabled",
  name: "Audit",
  is_different: false,
  values: [{ value: "2", hosts: [QUAY, JETTY] }],
  not_measured: [{ value: "needs root", hosts: [MOLE] }],
  absent: [],
};

const ALL: Divergence = { hosts: HOSTS, hosts_total: 3, alike: 80, differences: [LOCKDOWN, AUDIT] };

function answer(body: Divergence) {
  return serve({ "GET /session": SESSION, "GET /host-defences/divergence": () => ({ body }) });
}

describe("where hosts differ", () => {
  useBrowser();

  test("it says what was compared, and keeps different apart from not measured", async () => {
    answer(ALL);
    const user = userEvent.setup();
    show(<Differences query={{ environment: ["7"] }} />);
    expect(await screen.findByText("3 hosts compared, 80 settings alike")).toBeTruthy();
    const table = screen.getByRole("table", { name: "settings" });
    expect(within(table).getByText("Kernel lockdown")).toBeTruthy();
    expect(within(table).queryByText("Audit")).toBeNull();
    await user.click(screen.getByRole("radio", { name: "Not measured 1" }));
    expect(await screen.findByText("Audit")).toBeTruthy();
    expect(screen.getByText(/needs root/)).toBeTruthy();
    expect(screen.queryByText("Kernel lockdown")).toBeNull();
    expect(window.location.search).toBe("?show=not_measured");
  });

  test("a row opens into the hosts of each value, and the address says which is open", async () => {
    answer(ALL);
    const user = userEvent.setup();
    show(<Differences query={{}} />);
    await user.click(await screen.findByRole("button", { name: "Kernel lockdown" }));
    expect(screen.getByRole("link", { name: "mole" }).getAttribute("href")).toBe("/hosts/3");
    expect(new URLSearchParams(window.location.search).get("open")).toBe("/kernel/lockdown");
  });

  test("it asks with the filters of the list alone", async () => {
    const calls = answer(ALL);
    show(<Differences query={{ distribution: ["Debian"], ordering: "name" }} />);
    await screen.findByText(/compared/);
    expect(Object.fromEntries(calls.find((call) => call.path.endsWith("divergence"))?.query ?? [])).toEqual({
      distribution: "Debian",
    });
  });

  test("one host has nothing to be compared with", async () => {
    answer({ hosts: [QUAY], hosts_total: 1, alike: 99, differences: [] });
    show(<Differences query={{ host: "1" }} />);
    expect(
      await screen.findByText("Only one host matches: there is nothing to compare it with"),
    ).toBeTruthy();
  });

  test("without any probed host it says what to do", async () => {
    answer({ hosts: [], hosts_total: 0, alike: 99, differences: [] });
    show(<Differences query={{}} />);
    expect(await screen.findByRole("link", { name: "Add a node" })).toBeTruthy();
  });

  test("alike hosts are said to be alike", async () => {
    answer({ ...ALL, differences: [] });
    show(<Differences query={{}} />);
    expect(await screen.findByText("All 3 hosts are alike")).toBeTruthy();
  });
});

test("settings are found by name and by place", () => {
  expect(isShown(LOCKDOWN, "different", "LOCK")).toBe(true);
  expect(isShown(AUDIT, "all", "/audit")).toBe(true);
  expect(isShown(AUDIT, "different", "")).toBe(false);
});

test("a comparison that left hosts out says so", () => {
  expect(comparedText({ ...ALL, hosts_total: 812 })).toBe(
    "3 hosts of 812 that match, the first by name, compared, 80 settings alike",
  );
});

test("with as many hosts on each side there is no minority", () => {
  const [most, few] = LOCKDOWN.values as [(typeof LOCKDOWN.values)[0], (typeof LOCKDOWN.values)[0]];
  expect(isMinority(few, LOCKDOWN.values)).toBe(true);
  expect(isMinority(most, LOCKDOWN.values)).toBe(false);
  expect(isMinority(few, [few, few])).toBe(false);
});
