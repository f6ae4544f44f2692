import { render } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { useShownAtOnce } from "./useShownAtOnce";

function Shown() {
  const here = useShownAtOnce();
  return <div ref={here as React.RefObject<HTMLDivElement | null>} />;
}

test("where scrolling answers with a promise, what was shown goes without an error", () => {
  const scroll = vi.fn(() => Promise.resolve());
  Element.prototype.scrollIntoView = scroll as unknown as typeof Element.prototype.scrollIntoView;
  const complain = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { unmount } = render(<Shown />);
  unmount();
  expect(scroll).toHaveBeenCalledOnce();
  expect(complain).not.toHaveBeenCalled();
});
