import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve } from "../../testing/server";
import { EnrolmentPage } from "./enrolmentPage";

const ENVIRONMENT = { id: 7, slug: "production", name: "Production" };
const OPEN = {
  id: 1,
  name: "web-1",
  prefix: "plme_abcdefg",
  environment: ENVIRONMENT,
  labels: { rack: "7" },
  state: "open",
  created_at: "2026-03-03T09:00:00Z",
  created_by: { id: 1, username: "ada" },
  expires_at: "2999-03-03T10:00:00Z",
  used_at: null,
  revoked_at: null,
  node: null,
};
const USED = { ...OPEN, id: 2, name: "web-2", state: "used", node: { id: 12, name: "node of web-2" } };
const TEXT = "plme_abcdefghijklmnopqrstuvwxyz";

function routes(rows: unknown[]) {
  return {
    "GET /session": SESSION,
    "GET /enrolment-tokens/facets": () => ({ body: { facets: [] } }),
    "GET /enrolment-tokens": () => list(rows),
  };
}

describe("enrolment", () => {
  useBrowser();

  test("each token says what became of it, and only an open one can be revoked", async () => {
    const calls = serve({
      ...routes([OPEN, USED, { ...USED, id: 3, name: "web-3", node: null }]),
      "DELETE /enrolment-tokens/1": () => ({ status: 204, body: null }),
    });
    const user = userEvent.setup();
    show(<EnrolmentPage />, "/nodes/enrolment");
    const node = await screen.findByRole("link", { name: "node of web-2" });
    expect(node.getAttribute("href")).toBe("/nodes/12");
    expect(screen.getByText(/deleted since/)).toBeTruthy();
    expect(screen.getAllByRole("button", { name: /^Revoke/ })).toHaveLength(1);
    await user.click(screen.getByRole("button", { name: "Revoke web-1" }));
    await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Revoke" }));
    expect(await screen.findByText("The enrolment token was revoked.")).toBeTruthy();
    expect(calls.some((call) => call.method === "DELETE" && call.path === "/enrolment-tokens/1")).toBe(true);
  });

  test("a token is shown once, with the commands that use it, and the host that used it appears", async () => {
    let state = OPEN as typeof OPEN | typeof USED;
    const calls = serve({
      ...routes([]),
      "POST /enrolment-tokens": () => ({ status: 201, body: { ...OPEN, token: TEXT } }),
      "GET /enrolment-tokens/1": () => ({ body: state }),
    });
    const user = userEvent.setup();
    show(<EnrolmentPage />, "/nodes/enrolment?add=token");
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText(/^Name/), "web-1");
    await user.type(within(dialog).getByLabelText(/^Labels/), "rack=7");
    await user.click(within(dialog).getByRole("button", { name: "Make the token" }));
    expect(await within(dialog).findByText(TEXT)).toBeTruthy();
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({
      name: "web-1",
      environment: 7,
      labels: { rack: "7" },
      expires_in_seconds: 3600,
    });
    expect(dialog.textContent).toContain(`enrol --server ${window.location.origin}`);
    await user.type(within(dialog).getByLabelText(/The host, as this server/), "web-1.example.org");
    expect(dialog.textContent).toContain("--address https://web-1.example.org:7443");
    state = { ...USED, id: 1 };
    expect(
      await within(dialog).findByRole("link", { name: "node of web-2" }, { timeout: 4000 }),
    ).toBeTruthy();
    await user.click(within(dialog).getByRole("button", { name: "Done" }));
    await waitFor(() => expect(document.body.textContent).not.toContain(TEXT));
  });

  test("what the server does not accept is shown at its field", async () => {
    serve({
      ...routes([]),
      "POST /enrolment-tokens": () => ({
        status: 400,
        body: { title: "No", errors: [{ field: "labels", message: "At most 50 labels." }] },
      }),
    });
    const user = userEvent.setup();
    show(<EnrolmentPage />, "/nodes/enrolment?add=token");
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText(/^Name/), "web-1");
    await user.click(within(dialog).getByRole("button", { name: "Make the token" }));
    const said = await within(dialog).findByText("At most 50 labels.");
    const field = within(dialog).getByLabelText(/^Labels/);
    expect(said.closest(".mantine-InputWrapper-root")?.contains(field)).toBe(true);
  });

  test("without any token the page says what one is for", async () => {
    serve(routes([]));
    show(<EnrolmentPage />, "/nodes/enrolment");
    expect(await screen.findByText("No host was asked to enrol yet")).toBeTruthy();
  });
});
