import { useEffect, useRef } from "react";

/** What appears at the end of a long dialog is brought into sight: it is what was asked for. */
export function useShownAtOnce() {
  const here = useRef<HTMLElement>(null);
  useEffect(() => {
    // In a block: some browsers answer with a promise, which an effect must not return.
    here.current?.scrollIntoView?.({ block: "nearest" });
  }, []);
  return here;
}
