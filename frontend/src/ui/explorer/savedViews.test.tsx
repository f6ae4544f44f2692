import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve } from "../../testing/server";
import { SavedViews } from "./savedViews";

const MINE = {
  id: 4,
  name: "Worst first",
  page: "findings",
  query: "severity=critical&ordering=-points",
  is_shared: false,
  owner: { id: 1, username: "ada" },
  created_at: "2026-03-03T09:00:00Z",
};
const SHARED = {
  ...MINE,
  id: 5,
  name: "Open doors",
  query: "",
  is_shared: true,
  owner: { id: 2, username: "sam" },
};

/** A server that keeps views, as far as the menu needs one. */
function routes(permissions: string[] = ["fleet.view", "views.share"]) {
  let views = [MINE, SHARED];
  const session = SESSION({} as never) as { body: { user: { permissions: string[] } } };
  session.body.user.permissions = permissions;
  return {
    "GET /session": () => session,
    "GET /views": () => list(views),
    "POST /views": ({ body }: { body: unknown }) => {
      const view = { ...MINE, ...(body as object), id: 6 };
      views = [...views, view];
      return { status: 201, body: view };
    },
    "PATCH /views/4": ({ body }: { body: unknown }) => {
      views = views.map((view) => (view.id === 4 ? { ...view, ...(body as object) } : view));
      return { body: views[0] };
    },
    "DELETE /views/4": () => {
      views = views.filter((view) => view.id !== 4);
      return { status: 204, body: null };
    },
  };
}

async function openMenu(address = "/findings?severity=high&open=12", columns: string[] | null = null) {
  const user = userEvent.setup();
  show(<SavedViews page="findings" columns={columns} />, address);
  await user.click(await screen.findByRole("button", { name: "Views" }));
  await screen.findByRole("list", { name: "Saved views" });
  return user;
}

describe("the views of a list", () => {
  useBrowser();

  test("opening one sets the address's query and closes the menu", async () => {
    const calls = serve(routes());
    const user = await openMenu();
    expect(calls.find((call) => call.path === "/views")?.query.get("page")).toBe("findings");
    await user.click(screen.getByRole("button", { name: "Worst first" }));
    expect(window.location.search).toBe("?severity=critical&ordering=-points");
    await waitFor(() => expect(screen.queryByRole("list", { name: "Saved views" })).toBeNull());
  });

  test("saving keeps what is shown now, with its columns and without the open row", async () => {
    const calls = serve(routes());
    const user = await openMenu("/findings?severity=high&open=12", ["title", "host"]);
    await user.type(screen.getByRole("textbox", { name: "Save what is shown now as" }), "High ones");
    await user.click(screen.getByRole("checkbox", { name: "Share with everybody" }));
    await user.click(screen.getByRole("button", { name: "Save view" }));
    expect(await screen.findByRole("button", { name: "High ones" })).toBeTruthy();
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({
      page: "findings",
      name: "High ones",
      query: "severity=high&columns=title,host",
      is_shared: true,
    });
  });

  test("one's own name replaces that view", async () => {
    const calls = serve(routes());
    const user = await openMenu();
    await user.type(screen.getByRole("textbox", { name: "Save what is shown now as" }), "Worst first");
    await user.click(screen.getByRole("button", { name: "Replace this view" }));
    await waitFor(() =>
      expect(calls.find((call) => call.method === "PATCH")?.body).toEqual({ query: "severity=high" }),
    );
  });

  test("its owner shares and deletes it, another's is only opened", async () => {
    serve(routes());
    const user = await openMenu();
    const other = screen.getByRole("button", { name: "Open doors" }).closest("li") as HTMLElement;
    expect(other.textContent).toContain("by sam");
    expect(within(other).queryByRole("button", { name: /Delete/ })).toBeNull();
    const share = () => screen.getByRole<HTMLInputElement>("checkbox", { name: "Shared: Worst first" });
    await user.click(share());
    await waitFor(() => expect(share().checked).toBe(true));
    await user.click(screen.getByRole("button", { name: "Delete the view Worst first" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Worst first" })).toBeNull());
  });

  test("who may not share is not offered to, who moderates may delete another's", async () => {
    serve(routes(["fleet.view", "views.moderate"]));
    await openMenu();
    expect(screen.queryByRole("checkbox", { name: /Share/ })).toBeNull();
    expect(screen.getByRole("button", { name: "Delete the view Open doors" })).toBeTruthy();
  });

  test("a refusal is shown where it happened", async () => {
    serve({
      ...routes(),
      "POST /views": () => ({
        status: 400,
        body: { title: "Invalid", detail: "No.", errors: [{ field: "name", message: "Choose another." }] },
      }),
    });
    const user = await openMenu();
    await user.type(screen.getByRole("textbox", { name: "Save what is shown now as" }), "x{Enter}");
    expect(await screen.findByText("Choose another.")).toBeTruthy();
  });
});
