import type { Node } from "../../api/types";
import { Moment } from "../../ui/moment";
import classes from "./nodes.module.css";

/** Why a node is not healthy, and what may help. */
export function NodeError({ node }: { node: Node }) {
  const error = node.last_error;
  if (!error) return null;
  return (
    <div className={classes.failed}>
      <strong>{error.title}</strong>
      {error.detail && <span>{error.detail}</span>}
      {error.hint && <span>{error.hint}</span>}
      <span className="soft">
        {error.at && <Moment at={error.at} />}
        {node.consecutive_failures > 1 && `, failed ${node.consecutive_failures} times in a row`}
      </span>
    </div>
  );
}
