import { Button } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "react-router";
import { useChange } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Node, NodeKind } from "../../api/types";
import { EnvironmentName } from "../../ui/assetLink";
import { NodeLamp, PullChip, pullIsLive } from "../../ui/chips";
import type { BulkAction, BulkAnswer, ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { labelsText } from "../../ui/labels";
import { Moment } from "../../ui/moment";
import { PageFrame } from "../../ui/page";
import { plural, spanText } from "../../ui/quantities";
import { useCarry } from "../../url/scope";
import { useAddressValue } from "../../url/useView";
import { AddNode } from "./addNode";
import { NodeDrawer } from "./nodeDrawer";
import { NodeKindName } from "./nodeKind";

function definition(add: (() => void) | null): ListDefinition<Node> {
  return {
    path: "/nodes",
    one: "node",
    many: "nodes",
    id: (node) => String(node.id),
    name: (node) => node.name,
    page: (node) => `/nodes/${node.id}`,
    search: true,
    past: false,
    usualOrdering: "name",
    columns: [
      { id: "name", label: "Node", orderings: ["name", "-name"], width: 140, cell: (node) => node.name },
      { id: "kind", label: "Kind", width: 120, cell: (node) => <NodeKindName node={node} /> },
      { id: "state", label: "State", cell: (node) => <NodeLamp state={node.state} /> },
      {
        id: "error",
        label: "Last error",
        orderings: ["-consecutive_failures"],
        cell: (node) =>
          node.last_error ? (
            <span title={node.last_error.detail}>
              {node.last_error.title}
              {node.consecutive_failures > 1 && ` (${node.consecutive_failures} times)`}
            </span>
          ) : (
            <span className="soft">none</span>
          ),
      },
      {
        id: "success",
        label: "Last success",
        orderings: ["-last_success_at", "last_success_at"],
        cell: (node) => (
          <>
            <Moment at={node.last_success_at} />
            {node.reads_host && (
              <span className="soft">
                {" "}
                · host <Moment at={node.host_read_at} />
              </span>
            )}
          </>
        ),
      },
      {
        id: "pull",
        label: "Last pull",
        cell: (node) =>
          node.last_pull ? <PullChip state={node.last_pull.state} /> : <span className="soft">none</span>,
      },
      {
        id: "environment",
        label: "Environment",
        cell: (node) => <EnvironmentName environment={node.environment} />,
      },
      {
        id: "software",
        label: "Software",
        usual: false,
        cell: (node) => (node.engine ? `${node.engine.name} ${node.engine.version}` : "–"),
      },
      { id: "address", label: "Address", usual: false, cell: (node) => <code>{node.address}</code> },
      {
        id: "root",
        label: "Rights",
        usual: false,
        cell: (node) => (node.use_sudo ? "root, with sudo" : <span className="soft">its user's</span>),
      },
      {
        id: "due",
        label: "Next pull",
        orderings: ["next_due_at"],
        usual: false,
        cell: (node) => <Moment at={node.next_due_at} never="not scheduled" />,
      },
      {
        id: "interval",
        label: "Every",
        usual: false,
        numeric: true,
        cell: (node) => spanText(node.interval_seconds),
      },
      { id: "labels", label: "Labels", usual: false, cell: (node) => labelsText(node.labels) || "–" },
    ],
    filters: [
      { name: "state", label: "State" },
      { name: "environment", label: "Environment" },
      { name: "kind", label: "Kind" },
      { name: "label", label: "Label" },
    ],
    drawer: (id, row) => <NodeDrawer id={id} row={row} />,
    refresh: (rows) =>
      rows.some((node) => node.last_pull && pullIsLive(node.last_pull.state)) ? 2000 : 15_000,
    nothing: {
      title: "No node is registered yet",
      words:
        "A node is an engine or a host that a worker reads on a schedule. Add the first one to see its posture.",
      action: add && <Button onClick={add}>Add a node</Button>,
    },
  };
}

/** What the wizard begins with, by the `add` of the address. */
const ADDED: Record<string, NodeKind> = { node: "docker", probe: "probe", registry: "registry" };

type NodeVerb = "pull" | "pause" | "resume";

/** What people read about each action on several nodes; `others`: why it leaves some of them alone. */
const VERBS: Record<
  NodeVerb,
  { label: string; done: string; others: string; fits: (node: Node) => boolean }
> = {
  pull: {
    label: "Pull now",
    done: "queued for a pull",
    others: "The others have a pull queued or running already.",
    fits: (node) => !node.paused,
  },
  pause: {
    label: "Pause",
    done: "paused",
    others: "The others are paused already.",
    fits: (node) => !node.paused,
  },
  resume: {
    label: "Resume",
    done: "resumed",
    others: "The others are not paused.",
    fits: (node) => node.paused,
  },
};

export function NodesPage() {
  const { can } = useSession();
  const change = useChange<BulkAnswer>(["/pulls", "/freshness"]);
  const [adding, setAdding] = useAddressValue("add");
  const to = useCarry();
  const kind = ADDED[adding ?? ""];
  const mayAdd = can("nodes.change");
  const add = useMemo(() => (mayAdd ? () => setAdding("node", ["open"]) : null), [mayAdd, setAdding]);
  const list = useMemo(() => definition(add), [add]);
  const send =
    (action: NodeVerb, chosen: { ids: number[] } | { filters: Record<string, string> }) =>
    (preview: boolean) =>
      change.mutateAsync({ method: "POST", path: "/nodes/bulk", body: { action, ...chosen, preview } });
  const act = (action: NodeVerb): BulkAction<Node> => {
    const words = VERBS[action];
    const done = ({ changed }: BulkAnswer) => `${plural(changed, "node", "nodes")} ${words.done}.`;
    return {
      label: words.label,
      fits: words.fits,
      run: async (rows) => done(await send(action, { ids: rows.map((row) => row.id) })(false)),
      matching: {
        run: (filters, preview) => send(action, { filters })(preview),
        touches: ({ matched, changed }) => {
          const touched = `${plural(changed, "node", "nodes")} will be ${words.done}.`;
          return matched > changed ? `${touched} ${words.others}` : touched;
        },
        done,
      },
    };
  };
  const bulk: BulkAction<Node>[] = [
    ...(can("pulls.control") ? [act("pull")] : []),
    ...(mayAdd ? [act("pause"), act("resume")] : []),
  ];
  return (
    <PageFrame
      title="Nodes"
      fill
      says="Engines and hosts that workers pull from, and how each is doing."
      actions={
        <>
          <Button
            variant="default"
            component={Link}
            to={to("/nodes/enrolment", mayAdd ? { add: "token" } : undefined)}
          >
            {mayAdd ? "Enrol a host" : "Enrolment"}
          </Button>
          {add && <Button onClick={add}>Add a node</Button>}
        </>
      }
    >
      <Explorer definition={list} bulk={bulk} />
      {kind && mayAdd && <AddNode key={kind} kind={kind} onClose={() => setAdding(null)} />}
    </PageFrame>
  );
}
