import type { Day, Grouping } from "../../api/trends";
import { wordsOf } from "../quantities";
import { folded, type Series } from "./series";

const SEVERITIES = ["critical", "high", "medium", "low", "info"];
const COLOURS = ["--accent", "--high", "--critical", "--medium", "--decided", "--low", "--passed"];

/** The colour token of a group: severities have their own, the others take turns. */
export function groupColour(by: Grouping, name: string, index: number): string {
  return by === "severity" ? `--${name}` : (COLOURS[index % COLOURS.length] ?? "--info");
}

/** Open findings by group, lying on each other. */
export function openByDay(days: Day[], by: Grouping): Series[] {
  const names = Object.keys(days.find((day) => day.groups)?.groups ?? {});
  const ordered = by === "severity" ? SEVERITIES.filter((name) => names.includes(name)) : names;
  return folded(
    ordered.map((name, index) => ({
      name: by === "severity" || by === "kind" ? wordsOf(name) : name,
      colour: groupColour(by, name, index),
      values: days.map((day) => day.groups?.[name]?.open ?? null),
      // An image may lie in several environments: what lies on each other would seem to add up.
      ...(by === "environment" ? {} : { kind: "area" as const, stack: "open" }),
    })),
  );
}
