import { Stack } from "@mantine/core";
import { useItem } from "../../api/hooks";
import type { Node } from "../../api/types";
import { NodeLamp } from "../../ui/chips";
import { Loading, ProblemNote } from "../../ui/states";
import { NodeActions } from "./nodeActions";
import { NodeError } from "./nodeError";
import { NodeFacts } from "./nodeFacts";
import classes from "./nodes.module.css";

export function NodeDrawer({ id, row }: { id: string; row: Node | undefined }) {
  const item = useItem<Node>(`/nodes/${id}`);
  const node = item.data ?? row;
  if (!node) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the node" />;
  return (
    <Stack gap="md">
      <div className={classes.heading}>
        <h1>{node.name}</h1>
        <NodeLamp state={node.state} />
      </div>
      <NodeError node={node} />
      <NodeActions node={node} />
      <NodeFacts node={node} />
    </Stack>
  );
}
