import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { AddNode } from "./addNode";

const FOUND = {
  ok: true,
  elapsed_ms: 12,
  error: null,
  report: {
    engine: "docker",
    version: "27.3.1",
    api_version: "1.47",
    name: "pay-12",
    containers: 3,
    images: 1,
    readable: ["containers"],
    missing: ["plugins: permission denied"],
  },
};
const REFUSED = {
  ok: false,
  elapsed_ms: 3,
  report: null,
  error: { code: "refused", title: "Nothing listens there", detail: "Refused.", hint: "Is the port right?" },
};

describe("the wizard that adds a node", () => {
  useBrowser();

  test("it tests before it registers, takes the engine's name and goes to the live pull", async () => {
    const calls = serve({
      "GET /session": SESSION,
      "POST /nodes/test": () => ({ body: FOUND }),
      "POST /nodes": () => ({
        status: 201,
        body: { id: 5, name: "pay-12", last_pull: null },
      }),
      "POST /nodes/5/pull": () => ({ status: 202, body: { id: 41, state: "queued" } }),
    });
    const user = userEvent.setup();
    show(<AddNode onClose={() => undefined} />);
    await user.type(await screen.findByLabelText(/Address of the engine/), "unix:///var/run/docker.sock");
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.click(screen.getByRole("button", { name: "Test connection" }));
    expect(await screen.findByText("pay-12: docker 27.3.1, API 1.47")).toBeTruthy();
    expect(screen.getByText("plugins: permission denied")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Next" }));
    expect((screen.getByRole("textbox", { name: /^Name/ }) as HTMLInputElement).value).toBe("pay-12");
    await user.click(screen.getByRole("button", { name: "Register and pull" }));
    await waitFor(() => expect(window.location.pathname).toBe("/pulls/41"));
    expect(calls.find((call) => call.method === "POST" && call.path === "/nodes")?.body).toEqual({
      name: "pay-12",
      kind: "docker",
      address: "unix:///var/run/docker.sock",
      environment: 7,
      labels: {},
      interval_seconds: 300,
      limits: {},
    });
  });

  test("an address that cannot be tried does not get past the first step", async () => {
    serve({ "GET /session": SESSION });
    const user = userEvent.setup();
    show(<AddNode onClose={() => undefined} />);
    await user.type(await screen.findByLabelText(/Address of the engine/), "host:2376");
    await user.click(screen.getByRole("button", { name: "Next" }));
    expect(await screen.findByText("Begin with unix://, tcp:// or ssh://.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Test connection" })).toBeNull();
  });

  test("a refused connection shows what failed and what may help", async () => {
    serve({ "GET /session": SESSION, "POST /nodes/test": () => ({ body: REFUSED }) });
    const user = userEvent.setup();
    show(<AddNode onClose={() => undefined} />);
    await user.type(await screen.findByLabelText(/Address of the engine/), "unix:///nowhere.sock");
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.click(screen.getByRole("button", { name: "Test connection" }));
    expect((await screen.findByRole("alert")).textContent).toContain("Is the port right?");
    expect(screen.queryByRole("button", { name: "Next" })).toBeNull();
  });

  test("an SSH host is trusted only after its fingerprint was shown and confirmed", async () => {
    const calls = serve({
      "GET /session": SESSION,
      "POST /nodes/host-key": () => ({
        body: { type: "ssh-ed25519", key: "ssh-ed25519 AAAA", fingerprint: "SHA256:abc" },
      }),
      "POST /nodes/test": () => ({ body: FOUND }),
    });
    const user = userEvent.setup();
    show(<AddNode onClose={() => undefined} />);
    await user.type(await screen.findByLabelText(/Address of the engine/), "ssh://ops@host");
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.type(screen.getByLabelText(/Private key/), "KEY");
    const test = () => screen.getByRole("button", { name: "Test connection" }) as HTMLButtonElement;
    expect(test().disabled).toBe(true);
    await user.click(screen.getByRole("button", { name: "Fetch the host's key" }));
    expect(await screen.findByText("ssh-ed25519 SHA256:abc")).toBeTruthy();
    expect(test().disabled).toBe(true);
    await user.click(screen.getByRole("checkbox", { name: /pin it/ }));
    await user.click(test());
    await screen.findByText(/pay-12: docker/);
    expect(calls.find((call) => call.path === "/nodes/test")?.body).toMatchObject({
      credential: { ssh_private_key: "KEY", ssh_host_key: "ssh-ed25519 AAAA" },
    });
  });
});
