import { useEffect, useRef } from "react";
import type { TrialAnswer } from "../../api/gate";
import { AssetLink } from "../../ui/assetLink";
import { pageClasses } from "../../ui/page";
import { plural, wholeText } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import classes from "./gate.module.css";
import { ruleName } from "./rules";

/** `would refuse 14 of the last 200 images`. */
export function trialText(answer: TrialAnswer): string {
  if (answer.images === 0) return "There is no image to try it on";
  const of = answer.images === 1 ? "the only image" : `the last ${wholeText(answer.images)} images`;
  if (answer.refused_total === 0) return `Would allow ${answer.images === 1 ? of : `all of ${of}`}`;
  return answer.images === 1
    ? `Would refuse ${of}`
    : `Would refuse ${wholeText(answer.refused_total)} of ${of}`;
}

/** What the policy in the form would have said to the newest images. */
export function TrialResult({ answer, stale }: { answer: TrialAnswer; stale: boolean }) {
  const result = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer is brought into sight once
  useEffect(() => {
    result.current?.scrollIntoView?.({ block: "nearest" });
  }, [answer]);
  return (
    <section
      ref={result}
      className={`${classes.trial} ${stale ? classes.stale : ""}`}
      aria-label="Trial"
      aria-live="polite"
    >
      <strong>{trialText(answer)}.</strong>
      {stale && <span className="soft">The rules were changed since: try them again.</span>}
      {answer.refused_total > 0 && (
        <>
          <ul className={classes.counts} aria-label="Refused by rule">
            {Object.entries(answer.by_rule).map(([rule, count]) => (
              <li key={rule}>
                {ruleName(rule)} <strong>{wholeText(count)}</strong>
              </li>
            ))}
          </ul>
          <ScrollFrame className={classes.refused} label="Images that would be refused">
            <table className={pageClasses.table} aria-label="Images that would be refused">
              <thead>
                <tr>
                  <th scope="col">Image</th>
                  <th scope="col">Why</th>
                </tr>
              </thead>
              <tbody>
                {answer.refused.map((image) => (
                  <tr key={image.id}>
                    <td>
                      <AssetLink asset={{ kind: "image", id: image.id, name: image.name }} />
                    </td>
                    <td>{image.reasons.map((reason) => reason.text).join(" ")}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollFrame>
          {answer.refused_total > answer.refused.length && (
            <span className="soft">The first {plural(answer.refused.length, "is", "are")} listed.</span>
          )}
        </>
      )}
    </section>
  );
}
