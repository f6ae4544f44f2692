const KEY = "plimsoll-last-visit";
const DAY = 86_400_000;
const REST = 4 * 3_600_000; // a visit goes on until nobody has looked for so long

/**
 * Since when things are new: the end of the visit before this one, kept in the browser. Without one, or when it is long
 * ago: a day, or a month.
 */
export function lastVisit(now: Date, stored: string | null): { since: Date; keep: string } {
  const [before, latest] = (stored ?? "").split(" ").map((text) => new Date(text));
  const isKnown = (moment: Date | undefined): moment is Date =>
    moment !== undefined && !Number.isNaN(moment.getTime()) && moment <= now;
  let since = isKnown(before) ? before : new Date(now.getTime() - DAY);
  if (isKnown(latest) && now.getTime() - latest.getTime() > REST) since = latest;
  const earliest = new Date(now.getTime() - 30 * DAY);
  if (since < earliest) since = earliest;
  return { since, keep: `${since.toISOString()} ${now.toISOString()}` };
}

/** The same for this browser, and remembered. Where nothing can be kept, it is a day. */
export function visit(now = new Date()): Date {
  try {
    const { since, keep } = lastVisit(now, window.localStorage.getItem(KEY));
    window.localStorage.setItem(KEY, keep);
    return since;
  } catch {
    return lastVisit(now, null).since;
  }
}
