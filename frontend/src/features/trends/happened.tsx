import { Link } from "react-router";
import type { Annotations } from "../../api/trends";
import type { Mark } from "../../ui/chart/series";
import { Moment } from "../../ui/moment";
import { Panel, pageClasses } from "../../ui/page";
import { plural, wholeText, wordsOf } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import { useCarry } from "../../url/scope";
import classes from "./trends.module.css";

type Event = Annotations["events"][number];

function verbOf(event: Event): string {
  return event.state === "active" ? "began" : wordsOf(event.state);
}

/** What charts mark: each decision on the day on which it began or ended. */
export function marksOf(told: Annotations | undefined): Mark[] {
  return (told?.events ?? []).map((event) => ({
    day: event.at.slice(0, 10),
    text: `${event.title} (${verbOf(event)})`,
  }));
}

/** The same as a table, the newest first, each with the way to its decision. */
export function Happened({ told }: { told: Annotations }) {
  const to = useCarry();
  if (told.events.length === 0) return null;
  return (
    <Panel
      title="Marked in the charts"
      aside={
        <span className="soft">
          {told.total > told.events.length
            ? `the newest ${told.events.length} of ${wholeText(told.total)}`
            : plural(told.total, "mark", "marks")}
        </span>
      }
    >
      <ScrollFrame className={classes.happened} label="What is marked in the charts">
        <table className={pageClasses.table}>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Decision</th>
              <th scope="col">What happened</th>
            </tr>
          </thead>
          <tbody>
            {told.events.toReversed().map((event) => (
              <tr key={`${event.decision} ${event.state}`}>
                <td>
                  <Moment at={event.at} />
                </td>
                <td>
                  <Link to={to("/decisions", { open: String(event.decision) })}>{event.title}</Link>
                </td>
                <td>
                  {verbOf(event)}
                  {event.because && <span className="soft">: {event.because}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
    </Panel>
  );
}
