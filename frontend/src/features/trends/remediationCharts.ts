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

/** Resolved in time above the axis, too late below it. */
export function metSeries(told: Remediation | undefined): { days: string[]; series: Series[] } {
  const days = told?.days.filter((day) => day.met + day.missed > 0) ?? [];
  const bar = { kind: "bar", stack: "met" } as const;
  return {
    days: days.map((day) => day.day),
    series: [
      { name: "in time", colour: "--passed", values: days.map((day) => day.met), ...bar },
      { name: "too late", colour: "--critical", values: days.map((day) => -day.missed), ...bar },
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
    stack: "times",
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
