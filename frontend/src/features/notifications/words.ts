import type { Frequency } from "../../api/notifications";
import { plural } from "../../ui/quantities";

export const FREQUENCIES: { value: Frequency; label: string }[] = [
  { value: "daily", label: "Every day" },
  { value: "working_days", label: "Monday to Friday" },
  { value: "weekly", label: "Every Monday" },
];

/** `07:00 UTC` */
export function hourText(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00 UTC`;
}

export const HOURS = Array.from({ length: 24 }, (_, hour) => ({
  value: String(hour),
  label: hourText(hour),
}));

/** `3 days before it is due`, of the days of a rung. */
export function rungText(days: number | null): string {
  if (days === null) return "not told";
  if (days === 0) return "when it is due";
  return `${plural(Math.abs(days), "day", "days")} ${days < 0 ? "before" : "after"} it is due`;
}
