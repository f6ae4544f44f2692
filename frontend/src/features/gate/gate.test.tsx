import { readFileSync } from "node:fs";
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { GatePolicy, GateRules, TrialAnswer } from "../../api/gate";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve, sessionThatMay } from "../../testing/server";
import { draftOf, rulesOf } from "./draft";
import { GatePage } from "./gatePage";
import { githubText, gitlabText, imageCommand, plainCommand, reportCommand } from "./pipelineText";
import { linesOf } from "./policies";
import { refusedBy, rulesIn } from "./rules";
import { trialText } from "./trial";

const PRODUCTION = { id: 7, slug: "production", name: "Production" };
const STANDARD: GateRules = {
  refuse_severity: null,
  only_fixable: false,
  only_in_use: false,
  grace_days: 0,
  refuse_exploited: true,
  refuse_epss: null,
  refuse_secrets: true,
  max_age_days: null,
  require_scan: true,
  require_signature: false,
};
const STRICT: GatePolicy = {
  ...STANDARD,
  refuse_severity: "high",
  only_fixable: true,
  grace_days: 7,
  id: 4,
  environment: PRODUCTION,
  changed_at: "2026-03-03T09:00:00Z",
};
const REFUSED = {
  id: 812,
  environment: PRODUCTION,
  image: null,
  image_name: "shop/web:1.4.2",
  digest: `sha256:${"a".repeat(64)}`,
  allowed: false,
  reasons: [
    {
      rule: "refuse_severity",
      text: "12 vulnerabilities of severity high or worse.",
      count: 12,
      examples: ["CVE-2026-1001 in openssl 3.0.1-1 (high, fixed in 3.0.2-1)"],
    },
  ],
  asked_by: "ada",
  asked_at: "2026-03-03T09:00:00Z",
};
const TRIAL: TrialAnswer = {
  images: 200,
  refused_total: 14,
  by_rule: { refuse_severity: 12, refuse_secrets: 3 },
  refused: [{ id: 9, name: "shop/web:1.4.2", reasons: REFUSED.reasons }],
};

function routes(policies: GatePolicy[], session = sessionThatMay("environments.change")) {
  return {
    "GET /session": session,
    "GET /gate-decisions": () => list([REFUSED]),
    "GET /gate-decisions/facets": () => ({ body: { facets: [] } }),
    "GET /gate-policies": () => list(policies),
    "GET /gate-policies/default": () => ({ body: STANDARD }),
  };
}

describe("the gate", () => {
  useBrowser();

  test("an answer says why, by which policy, and who asked", async () => {
    serve({
      ...routes([]),
      "GET /gate-decisions/812": () => ({ body: { ...REFUSED, policy: { ...STRICT, id: undefined } } }),
    });
    const user = userEvent.setup();
    show(<GatePage />, "/gate");
    const row = (await screen.findByRole("link", { name: "shop/web:1.4.2" })).closest("tr");
    expect(row?.textContent).toContain("refused");
    expect(row?.textContent).toContain("12 vulnerabilities of severity high or worse.");
    await user.click(screen.getByRole("link", { name: "shop/web:1.4.2" }));
    const panel = await screen.findByRole("region", { name: "answer" });
    expect(await within(panel).findByText(/with a known fix, known for 7 days or more/)).toBeTruthy();
    expect(panel.textContent).toContain("CVE-2026-1001 in openssl");
    expect(panel.textContent).toContain("and 11 more");
    expect(panel.textContent).toContain("from a report, or gone since");
  });

  test("a policy is tried before it is saved, and an older trial says that it is one", async () => {
    const calls = serve({
      ...routes([STRICT]),
      "POST /gate-policies/trial": () => ({ body: TRIAL }),
      "POST /gate-policies": () => ({ body: STRICT }),
    });
    const user = userEvent.setup();
    show(<GatePage />, "/gate?tab=policies");
    await user.click(await screen.findByRole("button", { name: "Change the policy for Production" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: /^Try it/ }));
    expect(await within(dialog).findByText("Would refuse 14 of the last 200 images.")).toBeTruthy();
    expect(within(dialog).getByRole("list", { name: "Refused by rule" }).textContent).toBe(
      "too severe 12holds secrets 3",
    );
    const { id: _id, environment: _environment, changed_at: _at, ...rules } = STRICT;
    expect(calls.find((call) => call.path === "/gate-policies/trial")?.body).toEqual({
      ...rules,
      environment: "production",
      images: 200,
    });
    expect(within(dialog).queryByText(/try them again/)).toBeNull();
    await user.click(within(dialog).getByRole("checkbox", { name: /that hold secrets/ }));
    expect(within(dialog).getByText(/try them again/)).toBeTruthy();
    await user.type(within(dialog).getByLabelText(/^With an EPSS from/), "0.5");
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    expect(await screen.findByText(/The gate goes by this policy for Production/)).toBeTruthy();
    expect(calls.find((call) => call.method === "POST" && call.path === "/gate-policies")?.body).toEqual({
      ...rules,
      refuse_secrets: false,
      refuse_epss: 0.005,
      environment: "production",
    });
  });

  test("a policy is removed after saying what holds then", async () => {
    const calls = serve({
      ...routes([STRICT]),
      "DELETE /gate-policies/4": () => ({ status: 204, body: null }),
    });
    const user = userEvent.setup();
    show(<GatePage />, "/gate?tab=policies");
    await user.click(await screen.findByRole("button", { name: "Remove the policy for Production" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("what is refused for every environment");
    await user.click(within(dialog).getByRole("button", { name: "Remove" }));
    await waitFor(() => expect(calls.some((call) => call.method === "DELETE")).toBe(true));
  });

  test("who may set none can still try one; the general policy is not for those who see some environments", async () => {
    const calls = serve({ ...routes([], SESSION), "POST /gate-policies/trial": () => ({ body: TRIAL }) });
    const user = userEvent.setup();
    const first = show(<GatePage />, "/gate?tab=policies");
    await user.click(await screen.findByRole("button", { name: "Try the policy for Production" }));
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).queryByRole("button", { name: "Save" })).toBeNull();
    await user.click(within(dialog).getByRole("button", { name: /^Try it/ }));
    expect(await within(dialog).findByText(/Would refuse 14/)).toBeTruthy();
    expect(calls.some((call) => call.path === "/gate-policies" && call.method === "POST")).toBe(false);
    first.unmount();
    serve(routes([]));
    show(<GatePage />, "/gate?tab=policies");
    expect(await screen.findByRole("button", { name: "Try the policy for every environment" })).toBeTruthy();
    expect(screen.getByRole("button", { name: "Change the policy for Production" })).toBeTruthy();
  });

  test("the examples name this server and the chosen environment", async () => {
    serve(routes([]));
    show(<GatePage />, "/gate?tab=pipeline");
    const job = await screen.findByText(/may-it-be-deployed/);
    expect(job.textContent).toContain(`${window.location.origin}/api/v1/gate?environment=production`);
  });
});

test("what a policy refuses is said in words, and a filter belongs to what it narrows", () => {
  expect(refusedBy(STANDARD)).toEqual([
    "What nothing has looked into for vulnerabilities",
    "Vulnerabilities that are known to be exploited",
    "Secrets",
  ]);
  expect(refusedBy({ ...STANDARD, refuse_severity: "critical", refuse_epss: 0.005 })).toContain(
    "Vulnerabilities with an EPSS of 0.5 % or more",
  );
  const nothing = { refuse_exploited: false, refuse_secrets: false, require_scan: false };
  expect(refusedBy({ ...STANDARD, ...nothing, only_fixable: true })).toEqual([]);
});

test("a form gives back the rules that it was made from", () => {
  for (const rules of [STANDARD, { ...STANDARD, refuse_epss: 0.07, max_age_days: 90, grace_days: 3 }]) {
    expect(rulesOf(draftOf(rules))).toEqual(rules);
  }
});

test("a policy of another version is not shown as one that refuses nothing", () => {
  expect(rulesIn({ ...STRICT })?.refuse_severity).toBe("high");
  expect(rulesIn({ deny: ["critical"] })).toBeNull();
  expect(rulesIn(null)).toBeNull();
});

test("an environment without a policy goes by the general one, else by the standard", () => {
  const general = { ...STRICT, id: 5, environment: null };
  const staging = { id: 8, slug: "staging", name: "Staging" };
  const lines = linesOf([PRODUCTION, staging], [STRICT, general], STANDARD);
  expect(lines.map((line) => line.policy?.id ?? null)).toEqual([5, 4, null]);
  expect(lines[2]?.rules).toBe(general);
  expect(linesOf([staging], [], STANDARD)[1]?.rules).toBe(STANDARD);
});

test("a trial is told in one sentence", () => {
  expect(trialText({ ...TRIAL, images: 0, refused_total: 0 })).toBe("There is no image to try it on");
  expect(trialText({ ...TRIAL, refused_total: 0 })).toBe("Would allow all of the last 200 images");
  expect(trialText({ ...TRIAL, images: 1, refused_total: 1 })).toBe("Would refuse the only image");
});

test("the documentation has the same examples", () => {
  const written = readFileSync("../docs/gate.md", "utf8");
  for (const text of [imageCommand, plainCommand, reportCommand, githubText, gitlabText]) {
    expect(written).toContain(text("https://plimsoll.example", "production"));
  }
});
