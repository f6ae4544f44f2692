import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve } from "../../testing/server";
import type { ListDefinition } from "./definition";
import { Explorer } from "./explorer";

interface Ship {
  id: number;
  name: string;
  load: number;
}

const SHIPS: Ship[] = [
  { id: 1, name: "aurora", load: 120 },
  { id: 2, name: "borea", load: 80 },
  { id: 3, name: "carina", load: 40 },
];

const LIST: ListDefinition<Ship> = {
  path: "/ships",
  one: "ship",
  many: "ships",
  id: (ship) => String(ship.id),
  name: (ship) => ship.name,
  page: (ship) => `/ships/${ship.id}`,
  columns: [
    { id: "name", label: "Ship", orderings: ["name"], cell: (ship) => ship.name },
    { id: "load", label: "Load", orderings: ["-load", "load"], numeric: true, cell: (ship) => ship.load },
  ],
  filters: [{ name: "flag", label: "Flag" }],
  usualOrdering: "-load",
  search: true,
  past: true,
  drawer: (id) => <p>Details of ship {id}</p>,
  nothing: { title: "No ship yet", words: "Build one." },
};

const FACETS = () => ({
  body: {
    facets: [
      {
        name: "flag",
        label: "Flag",
        values: [
          { value: "no", label: "Norway", count: { value: 2, exact: true } },
          { value: "pt", label: "Portugal", count: { value: 10_000, exact: false } },
        ],
      },
    ],
  },
});

const ROUTES = { "GET /session": SESSION, "GET /ships/facets": FACETS, "GET /ships": () => list(SHIPS) };

describe("the explorer", () => {
  useBrowser();

  test("it shows rows, facets with counts and how many there are", async () => {
    serve(ROUTES);
    show(<Explorer definition={LIST} />);
    expect(await screen.findByRole("link", { name: "aurora" })).toBeTruthy();
    expect(screen.getByText("3 ships")).toBeTruthy();
    expect((await screen.findByRole("button", { name: /Portugal/ })).textContent).toContain("≥10,000");
  });

  test("a facet puts its filter into the address, the chip takes it off", async () => {
    const calls = serve(ROUTES);
    const user = userEvent.setup();
    show(<Explorer definition={LIST} />);
    await user.click(await screen.findByRole("button", { name: /Norway/ }));
    expect(window.location.search).toBe("?flag=no");
    await waitFor(() =>
      expect(calls.some((call) => call.path === "/ships" && call.query.get("flag") === "no")).toBe(true),
    );
    await user.click(screen.getByRole("button", { name: "Take off the filter flag: Norway" }));
    expect(window.location.search).toBe("");
  });

  test("it opens at the view that the address says", async () => {
    const calls = serve(ROUTES);
    show(
      <Explorer definition={LIST} />,
      "/?flag=pt&search=bor&ordering=name&as_of=2026-03-03T09:00:00Z&open=2",
    );
    expect(await screen.findByText("Details of ship 2")).toBeTruthy();
    const asked = calls.find((call) => call.path === "/ships")?.query;
    expect(Object.fromEntries(asked ?? [])).toEqual({
      flag: "pt",
      search: "bor",
      ordering: "name",
      as_of: "2026-03-03T09:00:00Z",
    });
    const header = await screen.findByRole("columnheader", { name: /Ship/ });
    expect(header.getAttribute("aria-sort")).toBe("ascending");
  });

  test("j and k move, Enter opens, j walks with the panel open, Esc closes", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    show(<Explorer definition={LIST} />);
    await screen.findByRole("link", { name: "aurora" });
    await user.keyboard("jj{Enter}");
    expect(await screen.findByText("Details of ship 2")).toBeTruthy();
    expect(window.location.search).toBe("?open=2");
    await user.keyboard("j");
    expect(await screen.findByText("Details of ship 3")).toBeTruthy();
    await user.keyboard("kk");
    expect(await screen.findByText("Details of ship 1")).toBeTruthy();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByText(/Details of ship/)).toBeNull());
    expect(window.location.search).toBe("");
  });

  test("keys typed into the search stay in the search", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    show(<Explorer definition={LIST} />);
    await screen.findByRole("link", { name: "aurora" });
    await user.type(screen.getByRole("searchbox", { name: "Search ships" }), "jkx{Enter}");
    expect(window.location.search).toBe("?search=jkx");
  });

  test("x selects a row and the bulk action gets exactly the rows it fits", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    const moored: string[][] = [];
    show(
      <Explorer
        definition={LIST}
        bulk={[
          {
            label: "Moor",
            fits: (ship) => ship.load < 100,
            run: async (ships) => {
              moored.push(ships.map((ship) => ship.name));
              return "Moored.";
            },
          },
        ]}
      />,
    );
    await screen.findByRole("link", { name: "aurora" });
    await user.keyboard("jxjx");
    const bar = screen.getByRole("region", { name: "Actions on the selection" });
    expect(within(bar).getByText("2 ships selected")).toBeTruthy();
    await user.click(within(bar).getByRole("button", { name: "Moor (1)" }));
    await screen.findByText("Moored.");
    expect(moored).toEqual([["borea"]]);
  });

  test("load more asks with the cursor of the answer before", async () => {
    const calls = serve({
      ...ROUTES,
      "GET /ships": ({ query }) =>
        query.get("cursor") === "abc"
          ? list(SHIPS.slice(2), null, 3)
          : list(SHIPS.slice(0, 2), "http://server/api/v1/ships?cursor=abc", 3),
    });
    const user = userEvent.setup();
    show(<Explorer definition={LIST} />);
    await user.click(await screen.findByRole("button", { name: "Load more" }));
    expect(await screen.findByRole("link", { name: "carina" })).toBeTruthy();
    expect(screen.getByRole("link", { name: "aurora" })).toBeTruthy();
    expect(calls.filter((call) => call.path === "/ships").map((call) => call.query.get("cursor"))).toEqual([
      null,
      "abc",
    ]);
  });

  test("a header asks only for orderings that the server offers", async () => {
    const calls = serve(ROUTES);
    const user = userEvent.setup();
    show(<Explorer definition={LIST} />);
    await user.click(await screen.findByRole("button", { name: /^Load/ }));
    expect(window.location.search).toBe("?ordering=load");
    await waitFor(() => expect(calls.at(-1)?.query.get("ordering")).toBe("load"));
  });

  test("chosen columns are in the address and stay for the next visit", async () => {
    serve(ROUTES);
    const user = userEvent.setup();
    const first = show(<Explorer definition={LIST} />);
    await screen.findByRole("columnheader", { name: /Load/ });
    await user.click(screen.getByRole("button", { name: "Columns" }));
    await user.click(await screen.findByRole("checkbox", { name: "Load" }));
    expect(window.location.search).toBe("?columns=name");
    expect(screen.queryByRole("columnheader", { name: /Load/ })).toBeNull();
    first.unmount();
    show(<Explorer definition={LIST} />);
    await screen.findByRole("link", { name: "aurora" });
    expect(screen.queryByRole("columnheader", { name: /Load/ })).toBeNull();
  });

  test("nothing at all says why, filtered to nothing offers to clear", async () => {
    serve({ ...ROUTES, "GET /ships": () => list([]) });
    const user = userEvent.setup();
    show(<Explorer definition={LIST} />, "/?flag=no");
    expect(await screen.findByText("No ship matches these filters")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Clear filters" }));
    expect(await screen.findByText("No ship yet")).toBeTruthy();
    expect(window.location.search).toBe("");
  });

  test("a failed refetch names the failure, keeps the rows and can be tried again", async () => {
    let fails = false;
    serve({
      ...ROUTES,
      "GET /ships": () =>
        fails ? { status: 503, body: { title: "The database is away", detail: "Try soon." } } : list(SHIPS),
    });
    const user = userEvent.setup();
    show(<Explorer definition={LIST} />);
    await screen.findByRole("link", { name: "aurora" });
    fails = true;
    await user.click(screen.getByRole("button", { name: /^Load/ }));
    expect((await screen.findByRole("alert")).textContent).toContain("The database is away");
    fails = false;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
    expect(screen.getByRole("link", { name: "aurora" })).toBeTruthy();
  });

  test("a session that ends shows the login and keeps the address", async () => {
    let ended = false;
    serve({
      ...ROUTES,
      "GET /ships": () => (ended ? { status: 401, body: { title: "Not signed in" } } : list(SHIPS)),
    });
    const user = userEvent.setup();
    show(<Explorer definition={LIST} />, "/?flag=no");
    await screen.findByRole("link", { name: "aurora" });
    ended = true;
    await user.click(screen.getByRole("button", { name: /^Load/ }));
    expect(await screen.findByText("session ended")).toBeTruthy();
    expect(window.location.search).toBe("?flag=no&ordering=load");
  });
});
