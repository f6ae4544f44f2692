import { loadText } from "../../ui/quantities";
import classes from "./actions.module.css";

/** A load before and after: what would be left is filled, what would be gone is hatched. */
export function FallBar({ before, after }: { before: number; after: number }) {
  const left = before > 0 ? (100 * after) / before : 0;
  return (
    <span className={classes.fall} role="img" aria-label={`from ${loadText(before)} to ${loadText(after)}`}>
      <span className={classes.bar}>
        <span className={classes.left} style={{ width: `${left}%` }} />
        <span className={classes.gone} style={{ width: `${100 - left}%` }} />
      </span>
      <span>
        {loadText(before)} → {loadText(after)}
      </span>
    </span>
  );
}
