import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Feed } from "../../api/feeds";
import { serveForms } from "../../testing/forms";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve, sessionThatMay } from "../../testing/server";
import { intervalsWith } from "./changeFeed";
import { FeedsPage } from "./feedsPage";

const NEVER: Feed = {
  id: 1,
  name: "OSV Debian",
  kind: "osv",
  address: "https://feeds.example/Debian/all.zip",
  is_enabled: false,
  is_reading: false,
  interval_seconds: 21_600,
  next_due_at: null,
  last_attempt_at: null,
  last_success_at: null,
  failures: 0,
  error: "",
  edition: "",
  data_at: null,
  entries: 0,
  size_bytes: 0,
  changed: 0,
  skipped_total: 0,
};
const READ: Feed = {
  ...NEVER,
  id: 2,
  name: "CISA KEV",
  kind: "kev",
  is_enabled: true,
  last_attempt_at: "2026-03-03T10:00:00Z",
  last_success_at: "2026-03-03T09:00:00Z",
  failures: 3,
  error: "The host does not answer.",
  entries: 1284,
  changed: 7,
  skipped_total: 1,
};

function routes(rows: Feed[], session = sessionThatMay("feeds.change")) {
  return {
    "GET /session": session,
    "GET /feeds/facets": () => ({ body: { facets: [] } }),
    "GET /feeds": () => list(rows),
  };
}

describe("feeds", () => {
  useBrowser();

  test("each says how old it is and what failed; the panel what could not be read", async () => {
    serve({
      ...routes([READ, NEVER]),
      "GET /feeds/2": () => ({
        body: { ...READ, skipped: [{ kind: "entry", where: "line 9", reason: "It names no CVE." }] },
      }),
    });
    const user = userEvent.setup();
    show(<FeedsPage />, "/feeds");
    const row = (await screen.findByRole("link", { name: "CISA KEV" })).closest("tr");
    expect(row?.textContent).toContain("failing");
    expect(row?.textContent).toContain("3 times: The host does not answer.");
    expect(row?.textContent).toContain("1,284");
    const other = screen.getByRole("link", { name: "OSV Debian" }).closest("tr");
    expect(other?.textContent).toContain("never read");
    await user.click(screen.getByRole("link", { name: "CISA KEV" }));
    expect(await screen.findByText("It names no CVE.")).toBeTruthy();
    expect(screen.getByText("The last 3 attempts failed")).toBeTruthy();
    expect(screen.getByText("What was read before still holds.")).toBeTruthy();
    expect(screen.queryByText(/No feed has been read yet/)).toBeNull();
  });

  test("while none was ever read, the page says what that means", async () => {
    serve(routes([NEVER]));
    show(<FeedsPage />, "/feeds");
    expect(await screen.findByText(/No feed has been read yet/)).toBeTruthy();
    expect(screen.getByText(/until you turn a feed on/)).toBeTruthy();
  });

  test("one that is turned on is awaited until its next attempt", async () => {
    let feed = { ...NEVER };
    const calls = serve({
      ...routes([]),
      "GET /feeds": () => list([feed]),
      "GET /feeds/1": () => ({ body: { ...feed, skipped: [] } }),
      "PATCH /feeds/1": () => {
        feed = { ...feed, is_enabled: true };
        return { body: feed };
      },
    });
    const user = userEvent.setup();
    show(<FeedsPage />, "/feeds?open=1");
    await user.click(await screen.findByRole("button", { name: "Turn on" }));
    expect(await screen.findByRole("button", { name: "Turn off" })).toBeTruthy();
    expect(calls.find((call) => call.method === "PATCH")?.body).toEqual({ is_enabled: true });
    expect((await screen.findAllByText("asked for")).length).toBeGreaterThan(0);
    expect(screen.getByRole("button", { name: "Fetch now" }).hasAttribute("disabled")).toBe(true);
    feed = { ...feed, last_attempt_at: "2026-03-03T09:00:00Z", last_success_at: "2026-03-03T09:00:00Z" };
    await waitFor(() => expect(screen.queryByText("asked for")).toBeNull());
  });

  test("several are turned on at once, those that are on are left out", async () => {
    const calls = serve({
      ...routes([NEVER, { ...NEVER, id: 3, name: "OSV npm" }, READ]),
      "PATCH /feeds/1": () => ({ body: NEVER }),
      "PATCH /feeds/3": () => ({ body: NEVER }),
    });
    const user = userEvent.setup();
    show(<FeedsPage />, "/feeds");
    for (const name of ["OSV Debian", "OSV npm", "CISA KEV"]) {
      await user.click(await screen.findByRole("checkbox", { name: `Select ${name}` }));
    }
    await user.click(screen.getByRole("button", { name: "Turn on (2)" }));
    expect(await screen.findByText("2 feeds are fetched from now on.")).toBeTruthy();
    expect(calls.filter((call) => call.method === "PATCH").map((call) => call.path)).toEqual([
      "/feeds/1",
      "/feeds/3",
    ]);
  });

  test("address and interval are changed; what the server refuses stands at its field", async () => {
    const calls = serve({
      ...routes([NEVER]),
      "GET /feeds/1": () => ({ body: { ...NEVER, skipped: [] } }),
      "PATCH /feeds/1": () => ({
        status: 400,
        body: { title: "No", errors: [{ field: "address", message: "Enter a valid URL." }] },
      }),
    });
    const user = userEvent.setup();
    show(<FeedsPage />, "/feeds?open=1");
    await user.click(await screen.findByRole("button", { name: "Change" }));
    const dialog = await screen.findByRole("dialog");
    const address = within(dialog).getByLabelText(/^Address/);
    await user.clear(address);
    await user.type(address, "https://mirror.example/x");
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    const said = await within(dialog).findByText("Enter a valid URL.");
    expect(said.closest(".mantine-InputWrapper-root")?.contains(address)).toBe(true);
    expect(calls.find((call) => call.method === "PATCH")?.body).toEqual({
      address: "https://mirror.example/x",
      interval_seconds: 21_600,
    });
  });

  test("a file is loaded; one that is no feed is refused in the dialog", async () => {
    serve({ ...routes([NEVER]), "GET /feeds/1": () => ({ body: { ...NEVER, skipped: [] } }) });
    let status = 400;
    const sent = serveForms(() =>
      status === 400
        ? { status, body: { title: "Bad request", detail: "This is no archive of advisories." } }
        : { status, body: { ...NEVER, entries: 2, changed: 2 } },
    );
    const user = userEvent.setup();
    show(<FeedsPage />, "/feeds?open=1");
    await user.click(await screen.findByRole("button", { name: "Load from a file" }));
    const dialog = await screen.findByRole("dialog");
    const field = dialog.ownerDocument.querySelector<HTMLInputElement>("input[type=file]");
    await user.upload(field as HTMLInputElement, new File(["x"], "all.zip"));
    await user.click(within(dialog).getByRole("button", { name: "Load" }));
    expect(await within(dialog).findByText("This is no archive of advisories.")).toBeTruthy();
    status = 200;
    await user.click(within(dialog).getByRole("button", { name: "Load" }));
    expect(await screen.findByText("OSV Debian was read: 2 entries, 2 of them new or changed.")).toBeTruthy();
    expect(sent.map(({ address }) => address)).toEqual(["/api/v1/feeds/1/load", "/api/v1/feeds/1/load"]);
  });

  test("who may not change feeds sees them without any of that", async () => {
    serve({ ...routes([NEVER], SESSION), "GET /feeds/1": () => ({ body: { ...NEVER, skipped: [] } }) });
    show(<FeedsPage />, "/feeds?open=1");
    await screen.findByRole("heading", { name: "OSV Debian" });
    expect(screen.queryByRole("button", { name: "Turn on" })).toBeNull();
    expect(screen.queryByRole("checkbox")).toBeNull();
    expect(await screen.findByText(/until an administrator turns a feed on/)).toBeTruthy();
  });
});

test("an unusual interval is offered beside the usual ones", () => {
  expect(intervalsWith(3600).map(({ value }) => value)).toHaveLength(5);
  expect(intervalsWith(900)[0]).toEqual({ value: "900", label: "every 15 min" });
});
