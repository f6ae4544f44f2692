import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Node } from "../../api/types";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { EditNode } from "./editNode";
import { NodeFacts } from "./nodeFacts";
import { RotateCredential } from "./rotateCredential";

const AGENT: Node = {
  id: 4,
  name: "web-1",
  kind: "probe",
  address: "https://web-1:7443",
  allow_plaintext: false,
  use_sudo: false,
  reads_host: false,
  environment: { id: 7, slug: "production", name: "Production" },
  labels: {},
  state: "healthy",
  paused: false,
  interval_seconds: 300,
  limits: { seconds: 300, bytes: 1048576, items: 100 },
  has_credential: true,
  credential_parts: ["ca_certificate", "token"],
  host_key: null,
  host: null,
  engine: { name: "host probe", version: "0.1.0", api_version: "plimsoll-probe/1" },
  last_pull: null,
  last_success_at: "2026-03-03T09:00:00Z",
  host_read_at: "2026-03-03T09:00:00Z",
  next_due_at: null,
  consecutive_failures: 0,
  last_error: null,
  created_at: "2026-03-03T09:00:00Z",
};
const BOTH: Node = { ...AGENT, kind: "docker", address: "ssh://ops@web-1", reads_host: true, use_sudo: true };

describe("a registered node", () => {
  useBrowser();

  test("an agent's token is replaced alone, and what is left empty stays", async () => {
    const calls = serve({ "GET /session": SESSION, "PUT /nodes/4/credential": () => ({ body: AGENT }) });
    const user = userEvent.setup();
    show(<RotateCredential node={AGENT} onClose={() => undefined} />);
    const send = (await screen.findByRole("button", { name: "Replace the credential" })) as HTMLButtonElement;
    expect(send.disabled).toBe(true);
    await user.type(screen.getByLabelText(/^Bearer token/), "T".repeat(40));
    await user.click(send);
    await waitFor(() =>
      expect(calls.find((call) => call.method === "PUT")?.body).toEqual({ token: "T".repeat(40) }),
    );
  });

  test("this machine has no credential to replace", async () => {
    serve({ "GET /session": SESSION });
    show(<RotateCredential node={{ ...AGENT, address: "local://" }} onClose={() => undefined} />);
    expect(await screen.findByText(/needs no credential/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Replace the credential" })).toBeNull();
  });

  test("root is given up with a switch, and the address is only sent when it changed", async () => {
    const calls = serve({ "GET /session": SESSION, "PATCH /nodes/4": () => ({ body: BOTH }) });
    const user = userEvent.setup();
    show(<EditNode node={BOTH} onClose={() => undefined} />);
    await user.click(await screen.findByRole("switch", { name: /As root/ }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(calls.some((call) => call.method === "PATCH")).toBe(true));
    const sent = calls.find((call) => call.method === "PATCH")?.body;
    expect(sent).toMatchObject({ reads_host: true, use_sudo: false });
    expect(sent).not.toHaveProperty("address");
    expect(sent).not.toHaveProperty("kind");
  });

  test("an address of another scheme than the kind takes cannot be saved", async () => {
    serve({ "GET /session": SESSION });
    const user = userEvent.setup();
    show(<EditNode node={AGENT} onClose={() => undefined} />);
    const field = await screen.findByLabelText(/^Address/);
    await user.clear(field);
    await user.type(field, "unix:///run/docker.sock");
    expect(await screen.findByText("Begin with https://.")).toBeTruthy();
    expect((screen.getByRole("button", { name: "Save" }) as HTMLButtonElement).disabled).toBe(true);
  });

  test("its facts say what is read, how, and when the host was read last", async () => {
    serve({ "GET /session": SESSION });
    show(<NodeFacts node={BOTH} />);
    expect(await screen.findByText("Docker Engine and host")).toBeTruthy();
    expect(screen.getByText("root, with sudo")).toBeTruthy();
    expect(screen.getByText("Host last read")).toBeTruthy();
    expect(screen.getByText("CA certificate, bearer token")).toBeTruthy();
  });
});
