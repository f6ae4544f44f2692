import type { GateReason, GateRules } from "../../api/gate";
import { Chip } from "../../ui/chips";
import classes from "./gate.module.css";
import { refusedBy } from "./rules";

export function AnswerChip({ allowed }: { allowed: boolean }) {
  return <Chip tone={allowed ? "good" : "bad"}>{allowed ? "allowed" : "refused"}</Chip>;
}

/** What a policy refuses, in words. */
export function RuleList({ rules }: { rules: GateRules }) {
  const said = refusedBy(rules);
  if (said.length === 0) return <span className="soft">Nothing: every image is allowed</span>;
  return (
    <ul className={classes.rules}>
      {said.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

/** Why an image was refused: each reason with its worst examples. */
export function Reasons({ reasons }: { reasons: GateReason[] }) {
  return (
    <ul className={classes.reasons}>
      {reasons.map((reason) => (
        <li key={reason.rule}>
          <strong>{reason.text}</strong>
          {reason.examples.length > 0 && (
            <ul className={classes.examples}>
              {reason.examples.map((example) => (
                <li key={example}>{example}</li>
              ))}
              {reason.count > reason.examples.length && (
                <li className="soft">and {reason.count - reason.examples.length} more</li>
              )}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}
