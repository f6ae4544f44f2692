import { useSyncExternalStore } from "react";

// One timer for every relative time on the page, and none while nothing shows one.
let now = Date.now();
let timer: number | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = window.setInterval(() => {
      now = Date.now();
      for (const call of listeners) call();
    }, 15_000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/**
 * The present in milliseconds; whoever asks is drawn anew four times a minute. Read at each drawing, so that
 * what has just happened is never shown as still to come.
 */
export function useNow(): number {
  useSyncExternalStore(subscribe, () => now);
  return Date.now();
}
