import { useEffect, useRef } from "react";

export interface RowKeys {
  count: number;
  active: number;
  setActive: (index: number) => void;
  open: (index: number) => void;
  select: (index: number) => void;
  close: () => void;
  focusSearch: () => void;
}

/** Whether a key press belongs to what the person is typing into, or to an open dialog or menu. */
export function belongsElsewhere(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("[role=dialog],[role=menu],[role=listbox]")) return true;
  return target.matches("input:not([type=checkbox]),textarea,select");
}

/** j and k move, x selects, Enter opens, Esc closes. One list per page listens. */
export function useRowKeys(keys: RowKeys, enabled: boolean): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    if (!enabled) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const { count, active, setActive, open, select, close } = latest.current;
      if (event.key === "Escape") {
        if (!(event.target instanceof HTMLElement && event.target.closest("[role=dialog],[role=menu]")))
          close();
        return;
      }
      if (belongsElsewhere(event.target)) return;
      if (event.key === "j" && count > 0) setActive(Math.min(active + 1, count - 1));
      else if (event.key === "k" && count > 0) setActive(Math.max(active - 1, 0));
      else if (event.key === "x" && active >= 0) select(active);
      else if (event.key === "Enter" && active >= 0) {
        // A focused link or button keeps its own meaning.
        if (event.target instanceof HTMLElement && event.target.closest("a,button,summary,input")) return;
        open(active);
      } else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [enabled]);
}
