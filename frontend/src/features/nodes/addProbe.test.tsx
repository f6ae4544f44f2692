import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { AddNode } from "./addNode";

const FOUND = {
  ok: true,
  elapsed_ms: 812,
  error: null,
  report: {
    engine: "Host probe",
    version: "0.1.0",
    api_version: "plimsoll-probe/1",
    name: "web-1",
    containers: 2,
    images: null,
    readable: ["kernel", "mounts"],
    missing: ["Needs root: 12 facts of processes."],
  },
};

function refused(...errors: [field: string, message: string][]) {
  return () => ({
    status: 400,
    body: {
      title: "Some values are not valid",
      code: "invalid",
      errors: errors.map(([field, message]) => ({ field, message })),
    },
  });
}

describe("the wizard for a host probe", () => {
  useBrowser();

  test("this machine is read without address or credential, and what is missing is said first", async () => {
    const calls = serve({
      "GET /session": SESSION,
      "POST /nodes/test": () => ({ body: FOUND }),
      "POST /nodes": () => ({ status: 201, body: { id: 5, name: "web-1", last_pull: { id: 41 } } }),
    });
    const user = userEvent.setup();
    show(<AddNode onClose={() => undefined} />);
    await user.click(await screen.findByRole("radio", { name: /Host probe/ }));
    await user.click(screen.getByRole("radio", { name: /This machine/ }));
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.click(screen.getByRole("button", { name: "Test connection" }));
    expect(await screen.findByText("web-1: Host probe 0.1.0")).toBeTruthy();
    expect(screen.getByText("2 containers, answered in 812 ms")).toBeTruthy();
    expect(screen.getByRole("region", { name: "What is missing" }).textContent).toContain(
      "Needs root: 12 facts",
    );
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.click(screen.getByRole("button", { name: "Register and pull" }));
    await waitFor(() => expect(window.location.pathname).toBe("/pulls/41"));
    expect(calls.find((call) => call.path === "/nodes/test")?.body).toMatchObject({
      kind: "probe",
      address: "local://",
    });
    expect(calls.find((call) => call.path === "/nodes")?.body).toMatchObject({
      kind: "probe",
      address: "local://",
      name: "web-1",
    });
  });

  test("root over SSH comes with the exact rule for sudo", async () => {
    serve({ "GET /session": SESSION });
    const user = userEvent.setup();
    show(<AddNode kind="probe" onClose={() => undefined} />);
    await user.click(await screen.findByRole("radio", { name: /Over SSH/ }));
    await user.type(screen.getByLabelText(/Address of the host/), "ssh://ops@web-1");
    await user.click(screen.getByRole("switch", { name: /As root, with sudo/ }));
    expect(screen.getByText("ops ALL=(root) NOPASSWD: /usr/bin/python3 -")).toBeTruthy();
  });

  test("an engine over SSH offers to read its host too, and only then asks about root", async () => {
    const calls = serve({ "GET /session": SESSION, "POST /nodes/test": () => ({ body: FOUND }) });
    const user = userEvent.setup();
    show(<AddNode onClose={() => undefined} />);
    const address = await screen.findByLabelText(/Address of the engine/);
    await user.type(address, "unix:///run/docker.sock");
    expect(screen.queryByRole("switch")).toBeNull();
    await user.clear(address);
    await user.type(address, "ssh://ops@web-1");
    expect(screen.getAllByRole("switch")).toHaveLength(1);
    await user.click(screen.getByRole("switch", { name: /Read the host too/ }));
    await user.click(screen.getByRole("switch", { name: /As root/ }));
    await user.click(screen.getByRole("button", { name: "Next" }));
    expect(screen.getByText(/Give the private key/)).toBeTruthy();
    expect(calls.filter((call) => call.path === "/nodes/test")).toEqual([]);
  });

  test("an agent takes token and certificate, and the way that needs neither is offered", async () => {
    serve({ "GET /session": SESSION });
    const user = userEvent.setup();
    show(<AddNode kind="probe" onClose={() => undefined} />);
    await user.click(await screen.findByRole("radio", { name: /Agent/ }));
    expect(screen.getByRole("link", { name: "Enrol a host" }).getAttribute("href")).toBe(
      "/nodes/enrolment?add=token",
    );
    await user.type(screen.getByLabelText(/Address of the agent/), "https://web-1:7443");
    await user.click(screen.getByRole("button", { name: "Next" }));
    const test = screen.getByRole("button", { name: "Test connection" }) as HTMLButtonElement;
    expect(test.disabled).toBe(true);
    await user.type(screen.getByLabelText(/^Bearer token/), "secret-token");
    expect(test.disabled).toBe(false);
  });

  test.each([
    ["credential.token", "A bearer token has at least 32 characters.", /^Bearer token/],
    ["address", "The name of the host is missing.", /Address of the agent/],
  ])("what the server says of %s is shown at its field", async (field, message, label) => {
    serve({
      "GET /session": SESSION,
      "POST /nodes/test": () => ({ body: FOUND }),
      "POST /nodes": refused([field, message]),
    });
    const user = userEvent.setup();
    show(<AddNode kind="probe" onClose={() => undefined} />);
    await user.click(await screen.findByRole("radio", { name: /Agent/ }));
    await user.type(screen.getByLabelText(/Address of the agent/), "https://web-1:7443");
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.type(screen.getByLabelText(/^Bearer token/), "short");
    await user.click(screen.getByRole("button", { name: "Test connection" }));
    await screen.findByText("web-1: Host probe 0.1.0");
    await user.click(screen.getByRole("button", { name: "Next" }));
    await user.click(screen.getByRole("button", { name: "Register and pull" }));
    const said = await screen.findByText(message);
    expect(said.closest(".mantine-InputWrapper-root")?.contains(screen.getByLabelText(label))).toBe(true);
  });

  test.each(["use_sudo", "reads_host"])(
    "what the server says of %s is shown at its switch",
    async (field) => {
      serve({
        "GET /session": SESSION,
        "POST /nodes/host-key": () => ({
          body: { type: "ssh-ed25519", key: "K", fingerprint: "SHA256:abc" },
        }),
        "POST /nodes/test": () => ({ body: FOUND }),
        "POST /nodes": refused([field, "Not here."]),
      });
      const user = userEvent.setup();
      show(<AddNode onClose={() => undefined} />);
      await user.type(await screen.findByLabelText(/Address of the engine/), "ssh://ops@web-1");
      await user.click(screen.getByRole("switch", { name: /Read the host too/ }));
      await user.click(screen.getByRole("button", { name: "Next" }));
      await user.type(screen.getByLabelText(/Private key/), "KEY");
      await user.click(screen.getByRole("button", { name: "Fetch the host's key" }));
      await user.click(await screen.findByRole("checkbox", { name: /pin it/ }));
      await user.click(screen.getByRole("button", { name: "Test connection" }));
      await screen.findByText(/Host probe 0.1.0/);
      await user.click(screen.getByRole("button", { name: "Next" }));
      await user.click(screen.getByRole("button", { name: "Register and pull" }));
      expect(await screen.findByRole("switch", { name: /Read the host too/ })).toBeTruthy();
      expect(screen.getByText("Not here.")).toBeTruthy();
    },
  );
});
