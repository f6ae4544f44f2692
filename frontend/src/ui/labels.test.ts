import { expect, test } from "vitest";
import { labelsText, readLabels } from "./labels";

test("labels are read from text and written back", () => {
  expect(readLabels("team=platform, rack = 7,gpu")).toEqual({ team: "platform", rack: "7", gpu: "" });
  expect(labelsText({ team: "platform", gpu: "" })).toBe("team=platform, gpu");
  expect(readLabels("  ")).toEqual({});
});
