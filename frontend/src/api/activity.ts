const ACTIVITY_KEY = "plimsoll-last-activity";

/** Requests that start longer than this after anybody acted are the page's own: polls and refetches. */
const ACTING_MILLISECONDS = 30_000;

/** Milliseconds since any tab of this browser saw a person act. */
export function idleMilliseconds(): number {
  return Date.now() - Number(window.localStorage.getItem(ACTIVITY_KEY) ?? 0);
}

/** Notes that a person acts now. */
export function markActivity(): void {
  window.localStorage.setItem(ACTIVITY_KEY, String(Date.now()));
}

/**
 * Whether a read is one that no person asked for. The server ends a session that only sees such reads, so a
 * forgotten screen cannot keep itself logged in; while somebody reads or scrolls, polling counts as theirs.
 */
export function isBackground(method: string): boolean {
  return method === "GET" && idleMilliseconds() > ACTING_MILLISECONDS;
}
