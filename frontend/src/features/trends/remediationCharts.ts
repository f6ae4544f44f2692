import type { BurnDown, Remediation, Times } from "../../api/trends";
import { groupColour } from "../../ui/chart/openByDay";
import { folded, type Series } from "../../ui/chart/series";

/** What is left of the beginning, and what came since, lying on each other: together all that was open. */
export function leftSeries(told: BurnDown | undefined): Series[] {
  const days = told?.days ?? [];
  const series: Series[] = [
    {
      name: "left of the beginning",
      colour: "--accent",
      values: days.map((day) => day.left),
      kind: "area",
      stack: "left",
    },
  ];
  if (days.some((day) => day.open !== null)) {
    series.push({
      name: "came since",
      colour: "--high",
      values: days.map((day) => (day.open === null ? null : Math.max(0, day.open - day.left))),
      kind: "area",
      stack: "left",
    });
  }
  return series;
}

/** Resolved in time above the axis, too late below it; a day on which nothing was due is empty. No series without any. */
export function metSeries(told: Remediation | undefined): { days: string[]; series: Series[] } {
  const due = new Map(told?.days.filter((day) => day.met + day.missed > 0).map((day) => [day.day, day]));
  if (!told || due.size === 0) return { days: [], series: [] };
  const days: string[] = [];
  for (let at = Date.parse(told.begin); at <= Date.parse(told.end); at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  const bar = { kind: "bar", stack: "met" } as const;
  const late = (missed: number | undefined) => (missed === undefined ? null : -missed);
  return {
    days,
    series: [
      { name: "in time", colour: "--passed", values: days.map((day) => due.get(day)?.met ?? null), ...bar },
      {
        name: "too late",
        colour: "--critical",
        values: days.map((day) => late(due.get(day)?.missed)),
        ...bar,
      },
    ],
  };
}

/** How many took how long, by group. */
export function timeSeries(told: Remediation | undefined): { steps: string[]; series: Series[] } {
  const series = (told?.groups ?? []).map((group, index) => ({
    name: group.name,
    colour: groupColour(told?.by ?? "severity", group.key, index),
    values: group.distribution.map((bucket) => bucket.resolved),
    kind: "bar" as const,
    // An image may lie in several environments: what lies on each other would seem to add up.
    stack: told?.by === "environment" ? undefined : "times",
  }));
  return { steps: told?.total.distribution.map(bucketText) ?? [], series: folded(series) };
}

/** `under 1 day`, `7 to 15 days`, `180 days and more`. */
export function bucketText({ from_days: from, to_days: to }: Times["distribution"][number]): string {
  if (to === null) return `${from} days and more`;
  if (from === 0) return `under ${to} ${to === 1 ? "day" : "days"}`;
  return `${from} to ${to} days`;
}

/** The share of what was due that was resolved in time; null where nothing was. */
export function shareMet({ met, missed }: Pick<Times, "met" | "missed">): number | null {
  return met + missed > 0 ? met / (met + missed) : null;
}

/** `0.4 days`, `12 days`: a time to remediate. */
export function daysText(days: number | null): string {
  if (days === null) return "–";
  return `${days < 10 ? days.toFixed(1) : Math.round(days).toLocaleString("en-GB")} ${days === 1 ? "day" : "days"}`;
}
