import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { show, useBrowser } from "../testing/page";
import { SESSION, serve } from "../testing/server";
import { request } from "./client";
import { useItem } from "./hooks";

const HEADER = "X-Plimsoll-Background";
const LONG_AGO = "1000000000000";

function Polling() {
  const item = useItem<{ beat: number }>("/freshness", {}, { refresh: () => 20 });
  return <p>beat {item.data?.beat}</p>;
}

function forget(): void {
  window.localStorage.setItem("plimsoll-last-activity", LONG_AGO);
}

describe("what keeps a session alive", () => {
  useBrowser();

  test("what a person opens counts, what the page polls after they left does not", async () => {
    let beat = 0;
    const calls = serve({
      "GET /session": SESSION,
      "GET /freshness": () => {
        beat += 1;
        return { body: { beat } };
      },
    });
    const polls = () => calls.filter((call) => call.path === "/freshness");
    show(<Polling />);
    await screen.findByText(/beat \d/);
    expect(polls()[0]?.headers.has(HEADER)).toBe(false);
    forget();
    await waitFor(() => expect(polls().at(-1)?.headers.get(HEADER)).toBe("1"));
  });

  test("a poll counts again once the person is back", async () => {
    const calls = serve({ "GET /session": SESSION, "GET /freshness": () => ({ body: { beat: 1 } }) });
    show(<Polling />);
    await screen.findByText("beat 1");
    forget();
    await waitFor(() => expect(calls.at(-1)?.headers.has(HEADER)).toBe(true));
    await userEvent.setup().keyboard("j");
    await waitFor(() => expect(calls.at(-1)?.headers.has(HEADER)).toBe(false));
  });

  test("a change is always a person's", async () => {
    const calls = serve({ "POST /nodes/1/pull": () => ({ body: {} }), "GET /session": SESSION });
    forget();
    await request("POST", "/nodes/1/pull");
    expect(calls.at(-1)?.headers.has(HEADER)).toBe(false);
  });
});
