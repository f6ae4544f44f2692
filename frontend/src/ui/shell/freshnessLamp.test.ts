import { expect, test } from "vitest";
import { freshnessWords } from "./freshnessLamp";

const FLEET = {
  nodes: 4,
  fresh: 4,
  stale: 0,
  waiting: 0,
  failing: 0,
  paused: 0,
  queue_lag_seconds: null,
  oldest_success_at: null,
};

test.each([
  [{ nodes: 0, fresh: 0 }, "none", "no nodes yet"],
  [{}, "good", "fresh: 4 of 4 nodes"],
  [{ fresh: 3, waiting: 1 }, "none", "1 node waiting for a first pull"],
  [{ fresh: 1, waiting: 1, stale: 2 }, "warn", "2 nodes stale"],
  [{ fresh: 1, stale: 2, failing: 1 }, "bad", "1 node failing"],
])("the lamp says the worst first: %o", (change, tone, text) => {
  expect(freshnessWords({ ...FLEET, ...change })).toEqual({ tone, text });
});
