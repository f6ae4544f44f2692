import type { NodeState, Outcome, PullState } from "../api/types";
import { wordsOf } from "./quantities";
import classes from "./severity.module.css";

type Tone = "good" | "bad" | "warn" | "decided" | "unknown" | "plain";

const GLYPHS: Record<Tone, React.ReactNode> = {
  good: <path d="m2 6 3 3 5-6" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  bad: <path d="m2.5 2.5 7 7M9.5 2.5l-7 7" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  warn: (
    <path d="M6 2v5M6 9.5v.5" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
  ),
  decided: (
    <path
      d="M6 1.2 10 3v3c0 2.600-1.700 4.200-4 5-2.300-.8-4-2.400-4-5V3z"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
    />
  ),
  unknown: (
    <circle
      cx="6"
      cy="6"
      r="4.25"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeDasharray="2.2 2"
    />
  ),
  plain: <circle cx="6" cy="6" r="2.5" fill="currentColor" />,
};

export function Chip({ tone, children }: { tone: Tone; children: React.ReactNode }) {
  return (
    <span className={`${classes.chip} ${tone === "plain" ? "" : classes[tone]}`}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        {GLYPHS[tone]}
      </svg>
      {children}
    </span>
  );
}

const OUTCOME_TONES: Record<Outcome, Tone> = {
  pass: "good",
  fail: "bad",
  manual: "warn",
  error: "warn",
  not_applicable: "plain",
  not_measured: "unknown",
};

export const OUTCOMES: readonly Outcome[] = [
  "fail",
  "error",
  "manual",
  "not_measured",
  "pass",
  "not_applicable",
];

export function OutcomeChip({ outcome }: { outcome: Outcome }) {
  return <Chip tone={OUTCOME_TONES[outcome] ?? "plain"}>{wordsOf(outcome)}</Chip>;
}

const NODE_TONES: Record<NodeState, Tone> = {
  new: "unknown",
  healthy: "good",
  degraded: "warn",
  failing: "bad",
  paused: "plain",
};

export function NodeLamp({ state }: { state: NodeState }) {
  return <Chip tone={NODE_TONES[state] ?? "plain"}>{state}</Chip>;
}

const PULL_TONES: Record<PullState, Tone> = {
  queued: "unknown",
  running: "plain",
  succeeded: "good",
  partial: "warn",
  failed: "bad",
  cancelled: "plain",
};

export function PullChip({ state }: { state: PullState }) {
  return <Chip tone={PULL_TONES[state] ?? "plain"}>{state}</Chip>;
}

export function pullIsLive(state: PullState): boolean {
  return state === "queued" || state === "running";
}
