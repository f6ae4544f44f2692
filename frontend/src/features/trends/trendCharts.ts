import type { Day } from "../../api/trends";
import type { Series } from "../../ui/chart/series";

/** What came above the axis, what went below it. */
export function movedSeries(days: Day[]): Series[] {
  const less = (value: number | null) => (value === null ? null : -value);
  return [
    {
      name: "opened",
      colour: "--critical",
      values: days.map((day) => day.opened),
      kind: "bar",
      stack: "moved",
    },
    {
      name: "reopened",
      colour: "--high",
      values: days.map((day) => day.reopened),
      kind: "bar",
      stack: "moved",
    },
    {
      name: "resolved",
      colour: "--passed",
      values: days.map((day) => less(day.resolved)),
      kind: "bar",
      stack: "moved",
    },
  ];
}

export function loadSeries(days: Day[]): Series[] {
  const series: Series[] = [
    { name: "load", colour: "--accent", values: days.map((day) => day.load) },
    { name: "could be", colour: "--hatch", values: days.map((day) => day.band), dashed: true },
  ];
  if (days.some((day) => day.line !== null)) {
    series.push({ name: "line", colour: "--critical", values: days.map((day) => day.line), dashed: true });
  }
  return series;
}

export function coverageSeries(days: Day[]): Series[] {
  const share = (value: number | null) => (value === null ? null : 100 * value);
  const above = days.map((day) => (day.hosts ? (100 * (day.hosts_above ?? 0)) / day.hosts : null));
  return [
    { name: "coverage", colour: "--passed", values: days.map((day) => share(day.coverage)) },
    { name: "hosts above the line", colour: "--critical", values: above },
  ];
}

export function decidedSeries(days: Day[]): Series[] {
  return [
    { name: "on the worklist", colour: "--accent", values: days.map((day) => day.open) },
    { name: "decided", colour: "--decided", values: days.map((day) => day.decided) },
  ];
}
