import { screen, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../../testing/page";
import { SESSION, serve } from "../../testing/server";
import { ImageSignatures } from "./imageSignatures";

const SIGNATURE = {
  kind: "cosign",
  signer: "release key",
  verified: true,
  reason: "",
  issuer: "",
  subject: "",
  predicate_type: "",
  signed_at: null,
  is_vouching: true,
};

describe("who signed an image", () => {
  useBrowser();

  test("each environment has its own verdict, and what is verified anywhere is shown so", async () => {
    const row = { reason: "", signers: [], since: "2026-11-01T00:00:00Z", provenance: [] };
    const production = { id: 1, slug: "production", name: "Production" };
    serve({
      "GET /session": SESSION,
      "GET /images/5/signatures": () => ({
        body: {
          outcome: "untrusted",
          reason: "",
          environments: [
            {
              ...row,
              environment: null,
              outcome: "untrusted",
              signatures: [{ ...SIGNATURE, verified: false, reason: "unknown key" }],
            },
            {
              ...row,
              environment: production,
              outcome: "verified",
              signers: ["release key"],
              signatures: [SIGNATURE],
            },
          ],
          sources: [
            {
              node: { id: 3, name: "hub" },
              name: "shop/web@sha256:1",
              problem: "",
              since: "2026-11-01T00:00:00Z",
              checked_at: null,
            },
          ],
        },
      }),
    });
    show(<ImageSignatures id="5" />, "/images/5?tab=signatures");
    const verdicts = await screen.findByRole("table", { name: "Signatures by environment" });
    expect(within(verdicts).getByText("signed, not trusted")).toBeTruthy();
    expect(within(verdicts).getByText("verified")).toBeTruthy();
    const signatures = screen.getByRole("table", { name: "Signatures" });
    expect(within(signatures).getByText("yes")).toBeTruthy();
    expect(within(signatures).queryByText("unknown key")).toBeNull();
  });

  test("an image that no registry was asked about is not measured, which is not unsigned", async () => {
    serve({
      "GET /session": SESSION,
      "GET /images/5/signatures": () => ({
        body: {
          outcome: "not_measured",
          reason: "No registry node reads it.",
          environments: [],
          sources: [],
        },
      }),
    });
    show(<ImageSignatures id="5" />, "/images/5?tab=signatures");
    expect(await screen.findByText("Signatures: not measured")).toBeTruthy();
    expect(screen.queryByText("unsigned")).toBeNull();
  });
});
