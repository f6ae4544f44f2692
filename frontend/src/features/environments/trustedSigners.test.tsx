import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { TrustedSigners } from "./trustedSigners";

const RELEASE = {
  id: 3,
  name: "Release",
  kind: "key",
  environment: { id: 1, slug: "production", name: "Production" },
  public_key: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
  key_id: "0123456789abcdef".repeat(4),
  issuer: "",
  subject: "",
  repositories: ["registry.example/shop/*"],
  created_at: "2026-11-26T00:00:00Z",
};

function page(...results: unknown[]) {
  return () => ({ body: { results, next: null, count: { value: results.length, exact: true } } });
}

describe("trusted signers", () => {
  useBrowser();

  test("nobody is trusted until somebody is, by identity as well as by key", async () => {
    const calls = serve({
      "GET /session": SESSION,
      "GET /trusted-signers": page(),
      "POST /trusted-signers": () => ({ status: 201, body: RELEASE }),
    });
    const user = userEvent.setup();
    show(<TrustedSigners environments={[]} mayChange />);
    await user.click(await screen.findByRole("button", { name: "Trust a signer" }));
    await user.type(screen.getByLabelText(/^Name/), "CI");
    await user.click(screen.getByRole("radio", { name: "An identity" }));
    await user.type(screen.getByLabelText(/^Issuer/), "https://ci.example");
    await user.type(screen.getByLabelText(/^Identity/), "https://git.example/shop/*");
    await user.type(screen.getByLabelText(/^May sign/), "registry.example/a\n\nregistry.example/b");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(calls.some((call) => call.method === "POST")).toBe(true));
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({
      name: "CI",
      public_key: "",
      issuer: "https://ci.example",
      subject: "https://git.example/shop/*",
      environment: null,
      repositories: ["registry.example/a", "registry.example/b"],
    });
  });

  test("a key is shown by its fingerprint, and removed after one more question", async () => {
    const calls = serve({
      "GET /session": SESSION,
      "GET /trusted-signers": page(RELEASE),
      "DELETE /trusted-signers/3": () => ({ status: 204, body: null }),
    });
    const user = userEvent.setup();
    show(<TrustedSigners environments={[]} mayChange />);
    expect(await screen.findByText("0123456789ab")).toBeTruthy();
    expect(screen.getByText("Production")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Remove Release" }));
    expect(calls.some((call) => call.method === "DELETE")).toBe(false);
    await user.click(screen.getByRole("button", { name: "Trust Release no longer" }));
    await waitFor(() => expect(calls.some((call) => call.method === "DELETE")).toBe(true));
  });

  test("who may not change it sees no buttons", async () => {
    serve({ "GET /session": SESSION, "GET /trusted-signers": page(RELEASE) });
    show(<TrustedSigners environments={[]} mayChange={false} />);
    await screen.findByText("Release");
    expect(screen.queryAllByRole("button")).toHaveLength(0);
  });
});
