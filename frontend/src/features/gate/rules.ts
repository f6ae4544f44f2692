import type { GateRules } from "../../api/gate";
import type { Severity } from "../../api/types";
import { severityWord } from "../../ui/severity";

/** A rule by its name, as a heading of a trial's counts. */
const NAMES: Record<string, string> = {
  refuse_severity: "too severe",
  refuse_exploited: "known to be exploited",
  refuse_epss: "likely to be exploited",
  refuse_secrets: "holds secrets",
  max_age_days: "too old",
  require_scan: "nothing looked into it",
  require_signature: "not signed",
};

export function ruleName(rule: string): string {
  return NAMES[rule] ?? rule.replaceAll("_", " ");
}

/** A share as a percentage that loses nothing: `0.005` is `0.5`. */
export function percent(share: number): number {
  return Number((share * 100).toPrecision(12));
}

function days(count: number): string {
  return count === 1 ? "1 day" : `${count} days`;
}

/** What a policy refuses, one sentence for each rule in force; none: everything is allowed. */
export function refusedBy(rules: GateRules): string[] {
  const only = [
    rules.only_fixable ? "with a known fix" : "",
    rules.only_in_use ? "not in a package that was watched and never used" : "",
    rules.grace_days ? `known for ${days(rules.grace_days)} or more` : "",
  ].filter(Boolean);
  const narrowed = only.length > 0 ? `: only those ${only.join(", ")}` : "";
  const said: string[] = [];
  if (rules.require_scan) said.push("What nothing has looked into for vulnerabilities");
  if (rules.refuse_exploited) said.push("Vulnerabilities that are known to be exploited");
  if (rules.refuse_severity) {
    const worse = rules.refuse_severity === "critical" ? "" : " or worse";
    said.push(`Vulnerabilities of severity ${severityWord(rules.refuse_severity)}${worse}${narrowed}`);
  }
  if (rules.refuse_epss !== null) {
    said.push(`Vulnerabilities with an EPSS of ${percent(rules.refuse_epss)} % or more${narrowed}`);
  }
  if (rules.refuse_secrets) said.push("Secrets");
  if (rules.max_age_days !== null) said.push(`What was built more than ${days(rules.max_age_days)} ago`);
  if (rules.require_signature) said.push("What is not signed by somebody who is trusted");
  return said;
}

const SEVERITIES = ["critical", "high", "medium", "low", "info"];

/** The rules in a decision's policy as it stood, or null when an older or newer version wrote it differently. */
export function rulesIn(policy: unknown): GateRules | null {
  if (typeof policy !== "object" || policy === null) return null;
  const given = policy as Record<string, unknown>;
  const flag = (name: string) => given[name] === true;
  const number = (name: string) => (typeof given[name] === "number" ? (given[name] as number) : null);
  if (!("require_scan" in given)) return null;
  const severity = given.refuse_severity;
  return {
    refuse_severity: SEVERITIES.includes(String(severity)) ? (severity as Severity) : null,
    only_fixable: flag("only_fixable"),
    only_in_use: flag("only_in_use"),
    grace_days: number("grace_days") ?? 0,
    refuse_exploited: flag("refuse_exploited"),
    refuse_epss: number("refuse_epss"),
    refuse_secrets: flag("refuse_secrets"),
    max_age_days: number("max_age_days"),
    require_scan: flag("require_scan"),
    require_signature: flag("require_signature"),
  };
}
