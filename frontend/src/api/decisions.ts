/** Decisions, what people do with findings, and deadlines, as /api/v1/ answers with them. */
import type { AssetRef, Count, EnvironmentRef, Severity, SeverityCounts, VulnerabilityRef } from "./types";

/** What hides a finding. */
export interface FindingDecision {
  id: number;
  outcome: DecisionOutcome;
  layer: DecisionLayer;
  reason: string;
  note: string;
  by: string | null;
  since: string;
  expires_at: string | null;
}

/** Something that a person did about a finding, or that a decision hid it or no longer does. */
export interface FindingActivity {
  at: string;
  who: string | null;
  verb: "start" | "stop" | "assign" | "comment" | "decide" | "hidden" | "shown";
  details: Record<string, unknown>;
  change: number | null;
  findings: number;
  undone_at: string | null;
}

export type DecisionOutcome = "accepted" | "false_positive" | "not_affected" | "mitigated" | "not_applicable";
export type DecisionLayer = "rule" | "statement" | "person";
export type DecisionState =
  | "awaiting_approval"
  | "active"
  | "suspended"
  | "expired"
  | "withdrawn"
  | "rejected";

/** What is decided, why, and what ends it. */
export interface DecisionTerms {
  outcome: DecisionOutcome;
  reason: string;
  note: string;
  link: string;
  expires_at: string | null;
  ends_when: "never" | "fix" | "all_fixable";
  trips_on_exploited: boolean;
  trips_on_epss: number | null;
  trips_on_exposed: boolean;
  trips_on_control: string;
  trips_on_version: boolean;
}

export interface Decision extends DecisionTerms {
  id: number;
  layer: DecisionLayer;
  state: DecisionState;
  problem: string;
  vulnerability: VulnerabilityRef | null;
  check: string | null;
  finding_kind: string;
  finding_key: string;
  ecosystem: string;
  package: string;
  repository: string;
  tag: string;
  digest: string;
  asset: AssetRef | null;
  environment: EnvironmentRef | null;
  labels: Record<string, string>;
  /** Of a VEX document's statement. */
  product: string | null;
  reason_label: string;
  created_at: string;
  created_by: string | null;
  approved_by: string | null;
  active_from: string | null;
  /** By a tripwire, the last time; kept when it ended for good later. */
  suspended_at: string | null;
  suspended_because: string;
  ended_at: string | null;
  ended_because: string;
  hides: Count;
  is_stale: boolean;
}

/** The scope of a finding that outlives rebuilds, and what it can be narrowed to. */
export interface ScopeSuggestion {
  vulnerability: string | null;
  check: string | null;
  finding_kind: string;
  finding_key: string;
  ecosystem: string;
  package: string;
  repository: string;
  asset: AssetRef | null;
  repositories: string[];
  tags: string[];
  digests: string[];
  environments: EnvironmentRef[];
}

/** What a decision would hide. */
export interface DecisionPreview {
  findings: Count;
  assets: number;
  by_severity: SeverityCounts;
  exploited: number;
  unseen: number;
  decided_already: number;
  environments: EnvironmentRef[];
  needs_approval: boolean;
  sample: { id: number; title: string; severity: Severity; asset: AssetRef }[];
  warnings: string[];
  history: {
    findings: Count;
    weeks: { at: string; hidden: number }[];
    trips: { at: string; why: string }[];
  };
}

/** What a change of findings would touch. */
export interface ChangePreview {
  findings: number;
  assets: number;
  by_severity: SeverityCounts;
  exploited: number;
  left_alone: Record<string, number>;
  decisions: number | null;
}

export interface FindingChange {
  id: number;
  verb: string;
  details: Record<string, unknown>;
  at: string;
  by: string | null;
  findings: number;
  undone_at: string | null;
}

export interface Team {
  id: number;
  name: string;
  members: string[];
  manager: string | null;
}

export interface OwnerRule {
  id: number;
  position: number;
  environment: EnvironmentRef | null;
  labels: Record<string, string>;
  repository: string;
  team: string;
}

/** Within how many days an environment wants findings of a severity mended; null narrows nothing. */
export interface Deadline {
  severity: Severity;
  exposed: boolean | null;
  exploited: boolean | null;
  days: number;
  starts: "opened" | "fix" | "exploited";
}
