import type { Node, NodeKind } from "../../api/types";
import { ContainerIcon, HostIcon, ImageIcon } from "../../ui/icons";
import classes from "./nodes.module.css";

const KINDS: Record<NodeKind, { label: string; icon: typeof HostIcon }> = {
  docker: { label: "Docker Engine", icon: ContainerIcon },
  probe: { label: "Host probe", icon: HostIcon },
  registry: { label: "Registry", icon: ImageIcon },
};

/** What a node's pulls read, in words with its icon. */
export function NodeKindName({ node }: { node: Pick<Node, "kind" | "reads_host"> }) {
  const { label, icon: Icon } = KINDS[node.kind];
  return (
    <span className={classes.kind}>
      <span className="soft">
        <Icon size={14} />
      </span>
      {node.reads_host ? `${label} and host` : label}
    </span>
  );
}
