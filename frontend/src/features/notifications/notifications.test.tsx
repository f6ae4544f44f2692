import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Digest, Message, Notifications, Reminders, Webhook } from "../../api/notifications";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve, sessionThatMay } from "../../testing/server";
import { MessagesPage } from "./messagesPage";
import { NotificationsPage } from "./notificationsPage";
import { rungText } from "./words";

const NONE: Notifications = {
  mail_server: null,
  url: "",
  people_without_address: null,
  waiting: 0,
  failed: 0,
};
const OFF: Reminders = {
  is_enabled: false,
  hour: 7,
  owner_days: -3,
  team_days: 0,
  manager_days: 7,
  walked_at: null,
  next_at: null,
  reached: 0,
  told: 0,
  untold: 0,
};
const HOOK: Webhook = {
  id: 4,
  name: "Chat",
  origin: "https://chat.example",
  environment: null,
  causes: ["suspension"],
  is_enabled: true,
  created_at: "2026-03-01T09:00:00Z",
  last_sent_at: null,
  last_error: "chat.example answers 500.",
};
const DIGEST: Digest = {
  id: 9,
  owner: "ada",
  webhook: null,
  environment: null,
  frequency: "daily",
  hour: 6,
  next_at: "2026-03-03T06:00:00Z",
  last_at: null,
};

function routes(session = SESSION, told: Notifications = NONE, reminders: Reminders = OFF) {
  return {
    "GET /session": session,
    "GET /notifications": () => ({ body: told }),
    "GET /reminders": () => ({ body: reminders }),
    "GET /digests": () => list([]),
    "GET /webhooks": () => list([HOOK]),
    "GET /environments": () => list([]),
  };
}

test("the days of a rung in words", () => {
  expect([-3, -1, 0, 1, 7, null].map(rungText)).toEqual([
    "3 days before it is due",
    "1 day before it is due",
    "when it is due",
    "1 day after it is due",
    "7 days after it is due",
    "not told",
  ]);
});

describe("notifications", () => {
  useBrowser();

  test("without a mail server the page says what that means, and to whom webhooks are not shown", async () => {
    serve(routes());
    show(<NotificationsPage />, "/notifications");
    expect(await screen.findByText(/There is no mail server/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Send me a test" })).toBeNull();
    expect(screen.queryByText("Webhooks")).toBeNull();
    expect(await screen.findByText("You have no digest")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Change the reminders" })).toBeNull();
  });

  test("a webhook says what failed; a new one shows its key once", async () => {
    const calls = serve({
      ...routes(sessionThatMay("notifications.change")),
      "POST /webhooks": () => ({ status: 201, body: { ...HOOK, id: 5, name: "Pager", key: "whsec_abc" } }),
    });
    const user = userEvent.setup();
    show(<NotificationsPage />, "/notifications");
    expect(await screen.findByText("chat.example answers 500.")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "New webhook" }));
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText(/Name/), "Pager");
    await user.type(within(dialog).getByLabelText(/Address/), "https://pager.example/x");
    await user.click(within(dialog).getByRole("checkbox", { name: "Reminders" }));
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    expect(await screen.findByText("whsec_abc")).toBeTruthy();
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({
      name: "Pager",
      url: "https://pager.example/x",
      environment: null,
      causes: ["suspension"],
      is_enabled: true,
    });
    await user.click(screen.getByRole("button", { name: "I have kept it" }));
    await waitFor(() => expect(screen.queryByText("whsec_abc")).toBeNull());
  });

  test("changing a webhook leaves its address alone unless a new one is given", async () => {
    const calls = serve({
      ...routes(sessionThatMay("notifications.change")),
      "PATCH /webhooks/4": () => ({ body: HOOK }),
    });
    const user = userEvent.setup();
    show(<NotificationsPage />, "/notifications");
    await user.click(await screen.findByRole("button", { name: "Change Chat" }));
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByText("Empty: it stays at https://chat.example")).toBeTruthy();
    await user.click(within(dialog).getByRole("switch", { name: "On" }));
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    await waitFor(() => expect(calls.some((call) => call.method === "PATCH")).toBe(true));
    const body = calls.find((call) => call.method === "PATCH")?.body as Record<string, unknown>;
    expect([body.is_enabled, "url" in body]).toEqual([false, false]);
  });

  test("reminders: an empty rung is left out, and what is wrong stands at its field", async () => {
    const calls = serve({
      ...routes(sessionThatMay("notifications.change")),
      "PUT /reminders": () => ({
        status: 400,
        body: {
          title: "Bad request",
          detail: "Not accepted: manager_days.",
          code: "invalid",
          errors: [{ field: "manager_days", message: "It comes before the rung of the owner." }],
        },
      }),
    });
    const user = userEvent.setup();
    show(<NotificationsPage />, "/notifications");
    await user.click(await screen.findByRole("button", { name: "Change the reminders" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("switch", { name: "Reminders go out" }));
    await user.clear(within(dialog).getByLabelText("Team"));
    expect(within(dialog).getByText("not told")).toBeTruthy();
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    expect(
      (await within(dialog).findAllByText(/It comes before the rung of the owner/)).length,
    ).toBeGreaterThan(0);
    expect(calls.find((call) => call.method === "PUT")?.body).toEqual({
      is_enabled: true,
      hour: 7,
      owner_days: -3,
      team_days: null,
      manager_days: 7,
    });
  });

  test("of what nobody was told is said, with the way to change that", async () => {
    serve(
      routes(SESSION, NONE, {
        ...OFF,
        is_enabled: true,
        walked_at: "2026-03-02T07:00:00Z",
        next_at: "2026-03-03T07:00:00Z",
        reached: 12,
        told: 3,
        untold: 2,
      }),
    );
    show(<NotificationsPage />, "/notifications");
    const said = await screen.findByText(/2 findings: without an owner/);
    expect(within(said).getByRole("link", { name: "team" }).getAttribute("href")).toBe("/teams");
    expect(screen.getByText(/12 findings/).textContent).toContain("3 people told");
  });

  test("a digest of one's own is changed and sent; somebody else's is only shown", async () => {
    const calls = serve({
      ...routes(sessionThatMay("history.view")),
      "GET /digests": () => list([DIGEST, { ...DIGEST, id: 10, owner: "grace", hour: 8 }]),
      "POST /digests/9/send": () => ({ status: 202, body: {} }),
    });
    const user = userEvent.setup();
    show(<NotificationsPage />, "/notifications");
    const own = (await screen.findByText("Every day, 06:00 UTC")).closest("tr") as HTMLElement;
    const other = screen.getByText("Every day, 08:00 UTC").closest("tr") as HTMLElement;
    expect(within(other).queryAllByRole("button")).toEqual([]);
    await user.click(within(own).getByRole("button", { name: "Send now" }));
    expect(await screen.findByText("The digest is on its way.")).toBeTruthy();
    expect(calls.some((call) => call.path === "/digests/9/send")).toBe(true);
  });
});

const FAILED: Message = {
  id: 3,
  cause: "digest",
  subject: "4 new findings, 2 overdue",
  to: "grace",
  is_to_webhook: false,
  state: "failed",
  attempts: 8,
  created_at: "2026-03-02T07:00:00Z",
  next_at: null,
  sent_at: null,
  error: "grace has no e-mail address.",
};

describe("messages", () => {
  useBrowser();

  test("a failed one says why and is sent again", async () => {
    const calls = serve({
      "GET /session": sessionThatMay("notifications.change"),
      "GET /messages": () => list([FAILED]),
      "GET /messages/facets": () => ({ body: { facets: [] } }),
      "GET /messages/3": () => ({ body: { ...FAILED, text: "Overdue: 2.\n" } }),
      "POST /messages/3/retry": () => ({ body: { ...FAILED, state: "waiting" } }),
    });
    const user = userEvent.setup();
    show(<MessagesPage />, "/messages");
    await user.click(await screen.findByRole("link", { name: "4 new findings, 2 overdue" }));
    expect(await screen.findByText("Overdue: 2.")).toBeTruthy();
    expect(screen.getAllByText("grace has no e-mail address.").length).toBe(2);
    await user.click(screen.getByRole("button", { name: "Send now" }));
    expect(await screen.findByText("It is sent now.")).toBeTruthy();
    expect(calls.some((call) => call.method === "POST")).toBe(true);
  });
});
