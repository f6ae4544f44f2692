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

export interface Trend {
  environment: EnvironmentRef | null;
  by: "severity" | "kind";
  days: Day[];
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
