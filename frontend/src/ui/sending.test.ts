import { expect, test } from "vitest";
import { sendingText } from "./sending";

test("the rate and the time left are told once there is something to tell them from", () => {
  expect(sendingText(4096, 0.25, 1)).toBe("25 %");
  expect(sendingText(4096, 0.25, 4)).toBe("25 % · 256 B a second · about 12 s left");
  expect(sendingText(4096, 1, 9)).toBe("sent, being taken in");
});
