import type { AssetRef, Count, EnvironmentRef, Severity } from "./types";

export interface DayNumbers {
  opened: number;
  reopened: number;
  resolved: number;
  open: number;
  decided: number;
}

/** One day in UTC; null: nothing was counted or measured. */
export interface Day {
  day: string;
  opened: number | null;
  reopened: number | null;
  resolved: number | null;
  open: number | null;
  decided: number | null;
  groups: Record<string, DayNumbers> | null;
  load: number | null;
  line: number | null;
  coverage: number | null;
  band: number | null;
  hosts: number | null;
  hosts_above: number | null;
}

export type Grouping = "severity" | "kind" | "environment" | "team";

export interface Trend {
  environment: EnvironmentRef | null;
  by: Grouping;
  days: Day[];
}

/** How long what was resolved took, in days, and whether that was in time. */
export interface Times {
  resolved: number;
  mean_days: number | null;
  median_days: number | null;
  p90_days: number | null;
  distribution: { from_days: number; to_days: number | null; resolved: number }[];
  met: number;
  missed: number;
  overdue: number;
}

export interface Remediation {
  environment: EnvironmentRef | null;
  by: Grouping;
  begin: string;
  end: string;
  total: Times;
  groups: (Times & { key: string; name: string })[];
  days: { day: string; resolved: number; met: number; missed: number }[];
}

/** What is left of the findings that were on the worklist at the beginning. */
export interface BurnDown {
  environment: EnvironmentRef | null;
  begin: string;
  end: string;
  beginning: number;
  days: { day: string; left: number; open: number | null }[];
  per_day: number;
  clear_on: string | null;
}

/** Decisions that began or ended. */
export interface Annotations {
  total: number;
  events: {
    at: string;
    state: "active" | "awaiting_approval" | "suspended" | "expired" | "withdrawn" | "rejected";
    decision: number;
    title: string;
    because: string;
  }[];
}

export interface ChangedRow {
  id: number;
  title: string;
  severity: Severity | null;
  asset: AssetRef;
}

export interface Changed {
  total: Count;
  rows: ChangedRow[];
}

/** What changed between two moments. */
export interface Changes {
  begin: string;
  end: string;
  opened: Changed;
  reopened: Changed;
  resolved: Changed;
  decided: Changed;
  new_assets: Changed;
  gone_assets: Changed;
}

/** A fix, the findings that it removes, and the load that would be left. */
export interface Action {
  key: string;
  sort: "upgrade" | "setting";
  title: string;
  advice: string;
  work: string;
  place: string;
  severity: Severity;
  findings: number;
  assets: number;
  load_before: number;
  load_after: number;
  fall: number;
  finding_ids: number[];
  filters: Record<string, string>;
}

export interface Actions {
  load: number | null;
  hosts: number;
  looked_at: number;
  results: Action[];
}

/** What loads would be. */
export interface WhatIf {
  environments: {
    environment: EnvironmentRef;
    line_before: number;
    line_after: number;
    before: number | null;
    after: number | null;
    hosts: number;
    above_before: number;
    above_after: number;
  }[];
  hosts_total: number;
  hosts: { asset: AssetRef; before: number; after: number }[];
}
