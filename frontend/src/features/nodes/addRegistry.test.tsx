import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { AddNode } from "./addNode";

const FOUND = {
  ok: true,
  elapsed_ms: 31,
  error: null,
  report: {
    engine: "Registry",
    version: "registry/2.0",
    api_version: "v2",
    name: "registry.example/shop",
    containers: null,
    images: null,
    readable: ["manifests", "signatures"],
    missing: [],
  },
};

describe("the wizard for a registry", () => {
  useBrowser();

  test("an account goes with the test and the node, which is pulled every hour", async () => {
    const calls = serve({
      "GET /session": SESSION,
      "POST /nodes/test": () => ({ body: FOUND }),
      "POST /nodes": () => ({ status: 201, body: { id: 5, name: "registry", last_pull: { id: 41 } } }),
    });
    const user = userEvent.setup();
    show(<AddNode onClose={() => undefined} />);
    await user.click(await screen.findByRole("radio", { name: /Registry/ }));
    await user.type(screen.getByLabelText(/Address of the registry/), "https://registry.example/shop");
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.type(screen.getByLabelText("User name"), "reader");
    expect(screen.getByText("A user name and its password belong together.")).toBeTruthy();
    await user.type(screen.getByLabelText("Password or access token"), "secret");
    await user.click(screen.getByRole("button", { name: "Test connection" }));
    expect(await screen.findByText("registry.example/shop: Registry registry/2.0")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.click(screen.getByRole("button", { name: "Register and pull" }));
    await waitFor(() => expect(window.location.pathname).toBe("/pulls/41"));
    const opens = {
      kind: "registry",
      address: "https://registry.example/shop",
      credential: { username: "reader", password: "secret" },
    };
    expect(calls.find((call) => call.path === "/nodes/test")?.body).toMatchObject({
      ...opens,
      allow_plaintext: false,
    });
    expect(calls.find((call) => call.path === "/nodes")?.body).toMatchObject({
      ...opens,
      interval_seconds: 3600,
    });
  });

  test("without TLS it is read only after that was allowed", async () => {
    const calls = serve({ "GET /session": SESSION, "POST /nodes/test": () => ({ body: FOUND }) });
    const user = userEvent.setup();
    show(<AddNode kind="registry" onClose={() => undefined} />);
    await user.type(await screen.findByLabelText(/Address of the registry/), "registry.example");
    await user.click(screen.getByRole("button", { name: "Next" }));
    expect(screen.getByText("Begin with https://.")).toBeTruthy();
    await user.clear(screen.getByLabelText(/Address of the registry/));
    await user.type(screen.getByLabelText(/Address of the registry/), "http://registry.example:5000");
    await user.click(screen.getByRole("button", { name: "Next" }));
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Test connection" }).disabled).toBe(true);
    await user.click(screen.getByRole("checkbox", { name: /Allow a connection without TLS/ }));
    await user.click(screen.getByRole("button", { name: "Test connection" }));
    await screen.findByText(/answered in 31 ms/);
    expect(calls.find((call) => call.path === "/nodes/test")?.body).toMatchObject({ allow_plaintext: true });
  });
});
