import type { Day } from "../../api/trends";
import { wordsOf } from "../quantities";
import { folded, type Series } from "./series";

const SEVERITIES = ["critical", "high", "medium", "low", "info"];
const KIND_COLOURS = ["--accent", "--high", "--critical", "--medium", "--decided", "--low", "--passed"];

/** Open findings by severity or kind, lying on each other. */
export function openByDay(days: Day[], by: "severity" | "kind"): Series[] {
  const names = Object.keys(days.find((day) => day.groups)?.groups ?? {});
  const ordered = by === "severity" ? SEVERITIES.filter((name) => names.includes(name)) : names;
  return folded(
    ordered.map((name, index) => ({
      name: wordsOf(name),
      colour: by === "severity" ? `--${name}` : (KIND_COLOURS[index % KIND_COLOURS.length] ?? "--info"),
      values: days.map((day) => day.groups?.[name]?.open ?? null),
      kind: "area" as const,
      stack: "open",
    })),
  );
}
