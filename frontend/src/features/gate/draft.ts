import type { GateRules } from "../../api/gate";
import type { Severity } from "../../api/types";
import { percent } from "./rules";

/** The form of a policy, as its fields hold it. An empty number demands nothing. */
export interface Draft {
  severity: Severity | "";
  onlyFixable: boolean;
  onlyInUse: boolean;
  graceDays: number | string;
  exploited: boolean;
  /** In percent. */
  epss: number | string;
  secrets: boolean;
  maxAgeDays: number | string;
  scan: boolean;
  signature: boolean;
}

export function draftOf(rules: GateRules): Draft {
  return {
    severity: rules.refuse_severity ?? "",
    onlyFixable: rules.only_fixable,
    onlyInUse: rules.only_in_use,
    graceDays: rules.grace_days || "",
    exploited: rules.refuse_exploited,
    epss: rules.refuse_epss === null ? "" : percent(rules.refuse_epss),
    secrets: rules.refuse_secrets,
    maxAgeDays: rules.max_age_days ?? "",
    scan: rules.require_scan,
    signature: rules.require_signature,
  };
}

export function rulesOf(draft: Draft): GateRules {
  return {
    refuse_severity: draft.severity || null,
    only_fixable: draft.onlyFixable,
    only_in_use: draft.onlyInUse,
    grace_days: Number(draft.graceDays),
    refuse_exploited: draft.exploited,
    refuse_epss: draft.epss === "" ? null : Number((Number(draft.epss) / 100).toPrecision(12)),
    refuse_secrets: draft.secrets,
    max_age_days: draft.maxAgeDays === "" ? null : Number(draft.maxAgeDays),
    require_scan: draft.scan,
    require_signature: draft.signature,
  };
}
