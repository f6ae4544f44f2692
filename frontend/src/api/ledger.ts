/** What a load is the sum of, as /api/v1/ answers with it. */
import type { AssetRef, Factor, FindingDeadline, Severity } from "./types";

/** One line of an environment's ledger: a host and its share. */
export interface HostLine {
  asset: AssetRef;
  load: number;
  energy: number;
  share: number;
}

export interface LedgerLine {
  finding: {
    id: number;
    title: string;
    severity: Severity;
    check: string | null;
    /** A risk that somebody accepted: it still weighs. */
    is_accepted: boolean;
    deadline: FindingDeadline | null;
  };
  asset: AssetRef;
  points: number;
  energy: number;
  share: number;
  factors: Factor[];
}

export interface Ledger {
  asset: unknown;
  formula: string;
  load: number | null;
  line: number;
  coverage: number;
  band: number | null;
  energy: number | null;
  lines: LedgerLine[];
  lines_total: number;
  /** The share of the lines that are not shown. */
  rest: number;
  /** Null at a past date. */
  missing: { evidence: string; why: string }[] | null;
}

/** An environment's ledger: its lines are hosts. */
export type EnvironmentLedger = Omit<Ledger, "lines"> & { lines: HostLine[] };
