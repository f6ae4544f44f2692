import { describe, expect, test } from "vitest";
import { lastVisit } from "./lastVisit";

const NOW = new Date("2026-11-26T09:00:00Z");

describe("since when things are new", () => {
  test("the first visit shows a day", () => {
    expect(lastVisit(NOW, null).since.toISOString()).toBe("2026-11-25T09:00:00.000Z");
    expect(lastVisit(NOW, "garbage").since.toISOString()).toBe("2026-11-25T09:00:00.000Z");
  });

  test("it stays while the visit goes on, and moves to its end with the next one", () => {
    const first = lastVisit(NOW, "2026-11-24T08:00:00Z 2026-11-26T08:30:00Z");
    expect(first.since.toISOString()).toBe("2026-11-24T08:00:00.000Z");
    const later = new Date("2026-11-27T09:00:00Z");
    expect(lastVisit(later, first.keep).since.toISOString()).toBe("2026-11-26T09:00:00.000Z");
  });

  test("it looks back a month at most, and never ahead", () => {
    expect(lastVisit(NOW, "2025-01-01T00:00:00Z 2025-01-01T00:00:00Z").since.toISOString()).toBe(
      "2026-10-27T09:00:00.000Z",
    );
    expect(lastVisit(NOW, "2027-01-01T00:00:00Z 2027-01-01T00:00:00Z").since.toISOString()).toBe(
      "2026-11-25T09:00:00.000Z",
    );
  });
});
