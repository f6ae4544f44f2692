import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { counts, SINCE } from "../../testing/defences";
import { byReason } from "./notMeasured";
import { cellText, countsText, DEFENCE_STATES, StateBar, StateGlyph } from "./states";

afterEach(cleanup);

test("every state has its own shape and says its word", () => {
  const shapes = DEFENCE_STATES.map((state) => {
    const { container, unmount } = render(<StateGlyph state={state} />);
    expect(container.textContent).toBe(state.replaceAll("_", " "));
    const shape = container.querySelector("svg")?.innerHTML ?? "";
    unmount();
    return shape;
  });
  expect(new Set(shapes).size).toBe(DEFENCE_STATES.length);
});

test("a cell that was never assessed says so and looks like no state", () => {
  const { container } = render(<StateGlyph state={null} />);
  expect(container.textContent).toContain("not assessed");
  expect(container.querySelector("svg")).toBeNull();
});

test("a bar has the numbers as text, and no part for a state that nothing is in", () => {
  const { container } = render(<StateBar counts={counts({ enforcing: 3, not_measured: 1 })} />);
  expect(screen.getByText("3 enforcing, 1 not measured")).toBeTruthy();
  expect(container.querySelectorAll("[style]").length).toBe(2);
  expect(countsText(counts({}))).toBe("none assessed");
});

test("a cell says its state and since when", () => {
  expect(cellText("Seccomp", { id: 1, state: "not_measured", since: SINCE })).toBe(
    "Seccomp: not measured since 3 March 2026, 09:00 UTC",
  );
  expect(cellText("Seccomp", null)).toBe("Seccomp: not assessed yet");
});

test("what was not measured is counted by reason, the most frequent first", () => {
  expect(
    byReason([
      { pointer: "/packages", reason: "the database is locked" },
      { pointer: "/audit", reason: "needs root" },
      { pointer: "/docker", reason: "needs root" },
    ]),
  ).toEqual([
    { reason: "needs root", pointers: ["/audit", "/docker"] },
    { reason: "the database is locked", pointers: ["/packages"] },
  ]);
});
