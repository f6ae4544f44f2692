import type { Count } from "../api/types";

const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const ABSOLUTE = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});

/** `1,284`; `at least 10,000` as `≥10,000` when counting stopped there. */
export function countText(count: Count): string {
  return `${count.exact ? "" : "≥"}${WHOLE.format(count.value)}`;
}

export function wholeText(value: number): string {
  return WHOLE.format(value);
}

/** A load to the whole number, with one decimal below ten, where a whole number would hide movement. */
export function loadText(load: number): string {
  return load > 0 && load < 10 ? load.toFixed(1) : WHOLE.format(load);
}

export function shareText(share: number): string {
  return `${WHOLE.format(share * 100)} %`;
}

/** A chance, where small ones differ too: `41 %`, `0.9 %`, `0.05 %`, `under 0.01 %`. */
export function chanceText(chance: number): string {
  const percent = chance * 100;
  if (percent >= 1 || percent === 0) return shareText(chance);
  if (percent < 0.01) return "under 0.01 %";
  return `${percent.toFixed(percent < 0.1 ? 2 : 1)} %`;
}

/** Bytes in binary units: `1.5 GiB`. */
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? WHOLE.format(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A length of time in its largest fitting unit: `45 s`, `12 min`, `5 h`, `3 d`. */
export function spanText(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 60) return `${Math.round(size)} s`;
  if (size < 3600) return `${Math.floor(size / 60)} min`;
  if (size < 48 * 3600) return `${Math.floor(size / 3600)} h`;
  return `${Math.floor(size / 86400)} d`;
}

/** A duration where parts of a second matter: `0.8 s`, `12 s`, `3 min 5 s`. */
export function durationText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** `5 min ago`, `in 3 h`, `just now`. */
export function relativeText(moment: string, now: number): string {
  const seconds = (now - new Date(moment).getTime()) / 1000;
  if (Math.abs(seconds) < 5) return "just now";
  return seconds > 0 ? `${spanText(seconds)} ago` : `in ${spanText(seconds)}`;
}

/** `3 March 2026, 09:00 UTC`. */
export function absoluteText(moment: string): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return moment;
  return `${ABSOLUTE.format(date).replace(" at ", ", ")} UTC`;
}

/** A date without a time, as catalogues give it: `3 March 2026`. */
export function dateText(date: string): string {
  return absoluteText(`${date.slice(0, 10)}T00:00:00Z`).replace(/, 00:00 UTC$/, "");
}

/** What a browser's local date and time field holds for this moment, and back. */
export function toLocalField(moment: string): string {
  const date = new Date(moment);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocalField(text: string): string | null {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : `${date.toISOString().slice(0, 19)}Z`;
}

/** `not_applicable` as people read it. */
export function wordsOf(value: string): string {
  return value.replaceAll("_", " ");
}

export function plural(count: number, one: string, many: string): string {
  return `${wholeText(count)} ${count === 1 ? one : many}`;
}
