import { Link } from "react-router";
import type { EnrolmentState, EnrolmentToken } from "../../api/types";
import { Chip } from "../../ui/chips";
import { NodeIcon } from "../../ui/icons";
import { useCarry } from "../../url/scope";
import classes from "./enrolment.module.css";

export function EnrolmentChip({ state }: { state: EnrolmentState }) {
  return <Chip tone={state === "open" ? "good" : "plain"}>{state}</Chip>;
}

/** The node that a token made. */
export function EnrolledNode({ token }: { token: EnrolmentToken }) {
  const to = useCarry();
  if (token.node) {
    return (
      <span className={classes.node}>
        <span className="soft">
          <NodeIcon size={14} />
        </span>
        <Link to={to(`/nodes/${token.node.id}`)}>{token.node.name}</Link>
      </span>
    );
  }
  return (
    <span className="soft">{token.state === "used" ? "deleted since, or not yours to see" : "none"}</span>
  );
}
