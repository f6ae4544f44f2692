import type { NotMeasured } from "../../api/defences";
import { Panel } from "../page";
import classes from "./defences.module.css";

/** What could not be read, by its reason, the most frequent first. */
export function byReason(entries: NotMeasured[]): { reason: string; pointers: string[] }[] {
  const found = new Map<string, string[]>();
  for (const { reason, pointer } of entries) found.set(reason, [...(found.get(reason) ?? []), pointer]);
  return [...found]
    .map(([reason, pointers]) => ({ reason, pointers }))
    .sort((one, other) => other.pointers.length - one.pointers.length);
}

/** What the probe could not tell, and why: counted by reason, each opening into the facts that are missing. */
export function NotMeasuredPanel({ entries }: { entries: NotMeasured[] }) {
  return (
    <Panel title="What was not measured" aside="never counted as passed">
      {entries.length === 0 ? (
        <p className="soft">Nothing: the probe could tell everything that it asks for.</p>
      ) : (
        <ul className={classes.reasons}>
          {byReason(entries).map(({ reason, pointers }) => (
            <li key={reason}>
              <details>
                <summary>
                  {reason} <span className="soft">({pointers.length})</span>
                </summary>
                <ul>
                  {pointers.map((pointer) => (
                    <li key={pointer}>
                      <code>{pointer}</code>
                    </li>
                  ))}
                </ul>
              </details>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
