import { useParams } from "react-router";
import { useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Node } from "../../api/types";
import { NodeLamp, pullIsLive } from "../../ui/chips";
import { Explorer } from "../../ui/explorer/explorer";
import { HISTORY_LIST } from "../../ui/lists/history";
import { PULL_LIST } from "../../ui/lists/pulls";
import { PageFrame, Panel } from "../../ui/page";
import { ProblemNote } from "../../ui/states";
import { PageTabs } from "../../ui/tabs";
import { UnreadPage } from "../../ui/unreadPage";
import { NodeActions } from "./nodeActions";
import { NodeError } from "./nodeError";
import { NodeFacts } from "./nodeFacts";
import classes from "./nodes.module.css";

const CRUMBS = [{ label: "Nodes", path: "/nodes" }];

export function NodePage() {
  const { id = "" } = useParams();
  const { can } = useSession();
  const item = useItem<Node>(
    `/nodes/${id}`,
    {},
    {
      refresh: (node) =>
        node && (node.state === "new" || (node.last_pull && pullIsLive(node.last_pull.state)))
          ? 2000
          : 15_000,
    },
  );
  const node = item.data;
  if (!node) {
    return <UnreadPage title="Node" crumbs={CRUMBS} what="the node" item={item} />;
  }
  return (
    <PageFrame
      title={node.name}
      crumbs={CRUMBS}
      heading={
        <div className={classes.heading}>
          <h1>{node.name}</h1>
          <span aria-live="polite">
            <NodeLamp state={node.state} />
          </span>
        </div>
      }
    >
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      <NodeError node={node} />
      <NodeActions node={node} />
      <Panel title="This node">
        <NodeFacts node={node} />
      </Panel>
      <PageTabs
        label={`About ${node.name}`}
        tabs={[
          {
            id: "pulls",
            label: "Pulls",
            content: <Explorer embedded definition={PULL_LIST} fixed={{ node: id }} />,
          },
          ...(can("history.view")
            ? [
                {
                  id: "history",
                  label: "History",
                  content: (
                    <Explorer
                      embedded
                      definition={HISTORY_LIST}
                      fixed={{ object_kind: "node", object_id: id }}
                    />
                  ),
                },
              ]
            : []),
        ]}
      />
    </PageFrame>
  );
}
