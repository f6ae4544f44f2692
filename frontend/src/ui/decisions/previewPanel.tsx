import { Link } from "react-router";
import type { DecisionPreview } from "../../api/decisions";
import { pathOf } from "../../url/paths";
import { useCarry } from "../../url/scope";
import { countText, plural, wholeText } from "../quantities";
import { SeverityGlyph, SeverityTally } from "../severity";
import classes from "./decisions.module.css";
import { useShownAtOnce } from "./useShownAtOnce";

/** What a decision would hide now, what to be warned of, and what it would have hidden in the last weeks. */
export function PreviewPanel({ preview }: { preview: DecisionPreview }) {
  const to = useCarry();
  const here = useShownAtOnce();
  const { findings, history } = preview;
  const most = Math.max(1, ...history.weeks.map((week) => week.hidden));
  return (
    <section ref={here} className={classes.preview} aria-label="What it would hide">
      <p>
        It would hide <strong>{countText(findings)}</strong> {findings.value === 1 ? "finding" : "findings"}{" "}
        on {plural(preview.assets, "asset", "assets")}
        {preview.environments.length > 0 &&
          ` in ${preview.environments.map((environment) => environment.name).join(", ")}`}
        {preview.unseen > 0 && `, and ${wholeText(preview.unseen)} that you may not see`}.
      </p>
      <SeverityTally counts={preview.by_severity} />
      {preview.warnings.map((warning) => (
        <p key={warning} className={classes.warning} role="alert">
          {warning}
        </p>
      ))}
      {preview.needs_approval && (
        <p className={classes.note}>A second person has to agree before it is in force.</p>
      )}
      {preview.sample.length > 0 && (
        <ul className={classes.sample}>
          {preview.sample.slice(0, 6).map((one) => (
            <li key={one.id}>
              <SeverityGlyph severity={one.severity} />{" "}
              <Link to={to(pathOf("finding", one.id) ?? "/findings")}>{one.title}</Link>{" "}
              <span className="soft">on {one.asset.name}</span>
            </li>
          ))}
          {findings.value > 6 && <li className="soft">and {wholeText(findings.value - 6)} more</li>}
        </ul>
      )}
      <p className="soft">
        Had it been made twelve weeks ago, it would have hidden {countText(history.findings)}{" "}
        {history.findings.value === 1 ? "finding" : "findings"} since
        {history.trips.length > 0
          ? `, and been suspended: ${history.trips.map((trip) => trip.why).join(" ")}`
          : ", and nothing would have suspended it."}
      </p>
      <div
        className={classes.weeks}
        role="img"
        aria-label={`Hidden at the end of each week: ${history.weeks.map((week) => week.hidden).join(", ")}`}
      >
        {history.weeks.map((week) => (
          <span
            key={week.at}
            title={`${week.at.slice(0, 10)}: ${wholeText(week.hidden)}`}
            style={{ height: `${Math.round((36 * week.hidden) / most)}px` }}
          />
        ))}
      </div>
    </section>
  );
}
