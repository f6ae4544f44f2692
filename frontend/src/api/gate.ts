import type { EnvironmentRef, Severity } from "./types";

/** What is demanded of an image. A rule that is null or false demands nothing. */
export interface GateRules {
  refuse_severity: Severity | null;
  only_fixable: boolean;
  only_in_use: boolean;
  grace_days: number;
  refuse_exploited: boolean;
  /** A probability, 0..1. */
  refuse_epss: number | null;
  refuse_secrets: boolean;
  max_age_days: number | null;
  require_scan: boolean;
  require_signature: boolean;
}

/** The policy of one environment; that without one holds for every environment that has none of its own. */
export interface GatePolicy extends GateRules {
  id: number;
  environment: EnvironmentRef | null;
  changed_at: string;
}

export interface GateReason {
  rule: string;
  text: string;
  count: number;
  examples: string[];
}

/** One answer of the gate. */
export interface GateDecision {
  id: number;
  environment: EnvironmentRef | null;
  image: number | null;
  image_name: string;
  digest: string;
  allowed: boolean;
  reasons: GateReason[];
  asked_by: string | null;
  asked_at: string;
}

export interface GateDecisionDetail extends GateDecision {
  /** What was demanded, as it stood then. */
  policy: unknown;
}

/** What a policy would have said to the newest images, as they are known now. */
export interface TrialAnswer {
  images: number;
  refused_total: number;
  by_rule: Record<string, number>;
  /** At most the first fifty. */
  refused: { id: number; name: string; reasons: GateReason[] }[];
}
