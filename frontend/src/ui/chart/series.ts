/** One thing that a chart shows over days. A null is a gap, never a zero. */
export interface Series {
  name: string;
  /** A colour token, such as `--critical`. */
  colour: string;
  values: (number | null)[];
  kind?: "line" | "bar" | "area";
  /** Series of one stack lie on each other. */
  stack?: string;
  dashed?: boolean;
}

/** What happened on a day and may explain a bend. */
export interface Mark {
  day: string;
  text: string;
}

/** The texts of each day that has a mark. */
export function marksByDay(marks: Mark[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { day, text } of marks) found.set(day, [...(found.get(day) ?? []), text]);
  return found;
}

/** Whether a value stands between gaps: no line leads to it, so it needs a mark of its own to be seen. */
export function isAlone(values: (number | null)[], index: number): boolean {
  const isThere = (at: number) => values[at] !== null && values[at] !== undefined;
  return isThere(index) && !isThere(index - 1) && !isThere(index + 1);
}

/** The rows of a chart's table and of its CSV: the day, then every series; a gap is empty. */
export function rowsOf(days: string[], series: Series[]): string[][] {
  return days.map((day, index) => [
    day,
    ...series.map((one) => {
      const value = one.values[index];
      return value === null || value === undefined ? "" : String(Math.abs(round(value)));
    }),
  ]);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** A file of the chart; what spreadsheets would take for a formula is text. */
export function csvOf(days: string[], series: Series[], head = "day", marks: Mark[] = []): string {
  const quoted = (text: string) => {
    const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const marked = marksByDay(marks);
  const more = (text: string) => (marks.length > 0 ? [text] : []);
  return [
    [head, ...series.map((one) => one.name), ...more("marks")],
    ...rowsOf(days, series).map((row) => [...row, ...more((marked.get(row[0] ?? "") ?? []).join("; "))]),
  ]
    .map((row) => row.map(quoted).join(","))
    .join("\n");
}

/** At most six series are told apart at a glance: the smaller ones are folded into “other”. */
export function folded(series: Series[], most = 6): Series[] {
  if (series.length <= most) return series;
  const size = (one: Series) => one.values.reduce<number>((sum, value) => sum + Math.abs(value ?? 0), 0);
  const ranked = [...series].sort((one, other) => size(other) - size(one));
  const kept = new Set(ranked.slice(0, most - 1));
  const rest = series.filter((one) => !kept.has(one));
  const [first] = rest;
  if (!first) return series;
  return [
    ...series.filter((one) => kept.has(one)),
    {
      ...first,
      name: "other",
      colour: "--info",
      values: first.values.map((_, index) => {
        const told = rest
          .map((one) => one.values[index])
          .filter((value) => value !== null && value !== undefined);
        return told.length > 0 ? told.reduce<number>((sum, value) => sum + (value ?? 0), 0) : null;
      }),
    },
  ];
}
