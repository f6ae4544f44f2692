import type { Decision, DecisionOutcome } from "../../api/decisions";
import type { FindingState } from "../../api/types";

export const OUTCOMES: { value: DecisionOutcome; label: string; says: string }[] = [
  {
    value: "accepted",
    label: "Accepted risk",
    says: "The problem is real and stays for now. It leaves the worklist and still weighs in the load.",
  },
  { value: "false_positive", label: "False positive", says: "The problem is not there. It weighs no more." },
  {
    value: "not_affected",
    label: "Not affected",
    says: "The package has it, what runs here is not affected. It weighs no more.",
  },
  {
    value: "mitigated",
    label: "Mitigated",
    says: "Another control stands in for the fix. It weighs no more.",
  },
  {
    value: "not_applicable",
    label: "Not applicable",
    says: "The rule does not apply here. It weighs no more.",
  },
];

/** The reasons that go with each outcome, as the server takes them. */
export const REASONS: Record<DecisionOutcome, { value: string; label: string }[]> = {
  accepted: [
    { value: "business_need", label: "The business needs it as it is" },
    { value: "no_fix", label: "There is no fix" },
    { value: "fix_planned", label: "The fix is planned" },
    { value: "low_impact", label: "The damage would be small" },
    { value: "being_retired", label: "It is being retired" },
    { value: "other", label: "Another reason, told in the note" },
  ],
  false_positive: [
    { value: "wrong_package", label: "The scanner took it for another package" },
    { value: "wrong_version", label: "The version is not vulnerable" },
    { value: "backported", label: "The fix was backported" },
    { value: "test_data", label: "Test data, not a real secret or service" },
    { value: "other", label: "Another reason, told in the note" },
  ],
  not_affected: [
    { value: "component_not_present", label: "The component is not present" },
    { value: "vulnerable_code_not_present", label: "The vulnerable code is not present" },
    { value: "vulnerable_code_not_in_execute_path", label: "The vulnerable code is never executed" },
    {
      value: "vulnerable_code_cannot_be_controlled_by_adversary",
      label: "An attacker cannot control the vulnerable code",
    },
    { value: "inline_mitigations_already_exist", label: "Mitigations are built in" },
  ],
  mitigated: [
    { value: "compensating_control", label: "Another control stands in for it" },
    { value: "isolated", label: "It is isolated from attackers" },
    { value: "other", label: "Another reason, told in the note" },
  ],
  not_applicable: [
    { value: "not_in_scope", label: "The rule does not apply here" },
    { value: "being_retired", label: "It is being retired" },
    { value: "test_data", label: "Test data, not a real secret or service" },
    { value: "other", label: "Another reason, told in the note" },
  ],
};

export const ENDS: { value: string; label: string }[] = [
  { value: "never", label: "Nothing else" },
  { value: "fix", label: "A fix appears" },
  { value: "all_fixable", label: "All that it hides is fixable" },
];

export function outcomeWord(outcome: DecisionOutcome): string {
  return OUTCOMES.find((known) => known.value === outcome)?.label ?? outcome;
}

/** Whether a decision hides a finding in this state. */
export function isDecided(state: FindingState): boolean {
  return OUTCOMES.some((known) => known.value === state);
}

/** Where a decision is meant, in a few words; nothing: everywhere. */
export function scopeWords(decision: Decision): string[] {
  const words: string[] = [];
  if (decision.product) words.push(decision.product);
  if (decision.repository) {
    words.push(decision.tag ? `${decision.repository}:${decision.tag}` : decision.repository);
  } else if (decision.tag) words.push(`tag ${decision.tag}`);
  if (decision.digest) words.push(decision.digest.slice(0, 19));
  if (decision.asset) words.push(decision.asset.name);
  if (decision.environment) words.push(decision.environment.name);
  words.push(...Object.entries(decision.labels).map(([name, value]) => `${name}=${value}`));
  return words;
}

/** What will end or suspend it, in words. */
export function wireWords(decision: Decision): string[] {
  const words: string[] = [];
  if (decision.ends_when === "fix") words.push("ends when a fix appears");
  if (decision.ends_when === "all_fixable") words.push("ends when all is fixable");
  if (decision.trips_on_exploited) words.push("trips when it is exploited (CISA KEV)");
  if (decision.trips_on_epss !== null)
    words.push(`trips at EPSS ${Math.round(decision.trips_on_epss * 100)} %`);
  if (decision.trips_on_exposed) words.push("trips when reachable from outside");
  if (decision.trips_on_control) words.push(`trips when ${decision.trips_on_control} is lost`);
  if (decision.trips_on_version) words.push("trips on another version");
  return words;
}
