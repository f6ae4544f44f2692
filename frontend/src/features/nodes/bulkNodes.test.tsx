import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve } from "../../testing/server";
import { NodesPage } from "./nodesPage";

const NODE = {
  kind: "docker",
  address: "unix:///run/docker.sock",
  allow_plaintext: false,
  use_sudo: false,
  reads_host: false,
  environment: { id: 7, slug: "production", name: "Production" },
  labels: {},
  state: "healthy",
  paused: false,
  interval_seconds: 300,
  limits: {},
  has_credential: false,
  credential_parts: [],
  host_key: null,
  host: null,
  engine: null,
  last_pull: null,
  last_success_at: null,
  host_read_at: null,
  next_due_at: null,
  consecutive_failures: 0,
  last_error: null,
  created_at: "2026-03-03T09:00:00Z",
};

function routes(changed: number) {
  return {
    "GET /session": SESSION,
    "GET /nodes/facets": () => ({ body: { facets: [] } }),
    "GET /nodes": () =>
      list(
        [
          { ...NODE, id: 1, name: "alpha" },
          { ...NODE, id: 2, name: "beta" },
        ],
        "http://server/api/v1/nodes?cursor=abc",
        312,
      ),
    "POST /nodes/bulk": ({ body }: { body: unknown }) => ({
      body: { matched: 312, changed, preview: (body as { preview: boolean }).preview },
    }),
  };
}

async function selectAllThatMatch(user: ReturnType<typeof userEvent.setup>) {
  await user.click(await screen.findByRole("checkbox", { name: "Select all rows shown" }));
  await user.click(screen.getByRole("button", { name: "Select all 312 that match" }));
  return screen.getByRole("region", { name: "Actions on the selection" });
}

describe("an action on all that match", () => {
  useBrowser();

  test("it says what it will touch, asks once, then acts on the list's own filters", async () => {
    const calls = serve(routes(300));
    const user = userEvent.setup();
    show(<NodesPage />, "/?state=healthy,failing&search=web&ordering=-last_success_at");
    const bar = await selectAllThatMatch(user);
    expect(within(bar).getByText("All 312 nodes that match are selected")).toBeTruthy();
    await user.click(within(bar).getByRole("button", { name: "Pause …" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("312 nodes match the filters of this list.");
    expect(dialog.textContent).toContain("300 nodes will be paused. The others are paused already.");
    const sent = () => calls.filter((call) => call.path === "/nodes/bulk").map((call) => call.body);
    const asked = { action: "pause", filters: { state: "healthy,failing", search: "web" } };
    expect(sent()).toEqual([{ ...asked, preview: true }]);
    await user.click(within(dialog).getByRole("button", { name: "Pause" }));
    expect(await screen.findByText("300 nodes paused.")).toBeTruthy();
    expect(sent()).toEqual([
      { ...asked, preview: true },
      { ...asked, preview: false },
    ]);
    await waitFor(() =>
      expect(screen.queryByRole("region", { name: "Actions on the selection" })).toBeNull(),
    );
  });

  test("cancelling changes nothing", async () => {
    const calls = serve(routes(300));
    const user = userEvent.setup();
    show(<NodesPage />);
    const bar = await selectAllThatMatch(user);
    await user.click(within(bar).getByRole("button", { name: "Pull now …" }));
    await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Cancel" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(calls.filter((call) => call.path === "/nodes/bulk").map((call) => call.body)).toEqual([
      { action: "pull", filters: {}, preview: true },
    ]);
  });

  test("what would touch nothing cannot be confirmed", async () => {
    serve(routes(0));
    const user = userEvent.setup();
    show(<NodesPage />);
    const bar = await selectAllThatMatch(user);
    await user.click(within(bar).getByRole("button", { name: "Resume …" }));
    const dialog = await screen.findByRole("dialog");
    const confirm = within(dialog).getByRole<HTMLButtonElement>("button", { name: "Resume" });
    expect(confirm.disabled).toBe(true);
  });

  test("it is offered only when every row shown is selected", async () => {
    serve(routes(1));
    const user = userEvent.setup();
    show(<NodesPage />);
    await user.click(await screen.findByRole("checkbox", { name: "Select alpha" }));
    expect(screen.queryByRole("button", { name: /that match/ })).toBeNull();
    await user.click(screen.getByRole("checkbox", { name: "Select beta" }));
    expect(screen.getByRole("button", { name: "Select all 312 that match" })).toBeTruthy();
  });
});
