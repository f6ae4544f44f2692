import type { Severity, SeverityCounts } from "../api/types";
import { wholeText } from "./quantities";
import classes from "./severity.module.css";

export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "info"];

const SHAPES: Record<Severity, React.ReactNode> = {
  critical: <path d="M6 .5 11.5 6 6 11.5.5 6z" fill="currentColor" />,
  high: <path d="M6 1 11.5 11H.5z" fill="currentColor" />,
  medium: (
    <>
      <circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 1.250a4.75 4.75 0 0 0 0 9.500z" fill="currentColor" />
    </>
  ),
  low: <circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" strokeWidth="2" />,
  info: <circle cx="6" cy="6" r="2.5" fill="currentColor" />,
};

export function severityWord(severity: string): string {
  return severity === "info" ? "informational" : severity;
}

/** The shape of a severity, never without its word nearby. */
export function SeverityGlyph({ severity, size = 12 }: { severity: Severity; size?: number }) {
  return (
    <svg
      className={`${classes.glyph} ${classes[severity] ?? ""}`}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      aria-hidden="true"
    >
      {SHAPES[severity]}
    </svg>
  );
}

export function SeverityWord({ severity }: { severity: Severity }) {
  return (
    <span className={classes.word}>
      <SeverityGlyph severity={severity} />
      {severityWord(severity)}
    </span>
  );
}

/** How many open findings of each severity; those with none are left out. */
export function SeverityTally({ counts }: { counts: SeverityCounts | null | undefined }) {
  const present = SEVERITIES.filter((severity) => (counts?.[severity] ?? 0) > 0);
  if (present.length === 0) return <span className="soft">none open</span>;
  return (
    <span className={classes.counts}>
      {present.map((severity) => (
        <span
          key={severity}
          className={classes.count}
          title={`${counts?.[severity]} ${severityWord(severity)}`}
        >
          <SeverityGlyph severity={severity} />
          {wholeText(counts?.[severity] ?? 0)}
          <span className="spoken">{severityWord(severity)}</span>
        </span>
      ))}
    </span>
  );
}
