import type { Host } from "../../api/types";
import { EnvironmentName } from "../../ui/assetLink";
import { Chip, NodeLamp } from "../../ui/chips";
import type { ListDefinition } from "../../ui/explorer/definition";
import { LoadGauge } from "../../ui/loadGauge";
import { Moment } from "../../ui/moment";
import { bytesText, wholeText } from "../../ui/quantities";
import { SeverityTally } from "../../ui/severity";
import { HostDrawer } from "./hostDrawer";
import { engineText } from "./hostFacts";

export const HOST_LIST: ListDefinition<Host> = {
  path: "/hosts",
  one: "host",
  many: "hosts",
  id: (host) => String(host.id),
  name: (host) => host.name,
  page: (host) => `/hosts/${host.id}`,
  search: true,
  past: true,
  usualOrdering: "-load",
  columns: [
    { id: "name", label: "Host", orderings: ["name"], width: 150, cell: (host) => host.name },
    {
      id: "load",
      label: "Load",
      orderings: ["-load", "load"],
      cell: (host) => <LoadGauge load={host.load} ledger={`/hosts/${host.id}/ledger`} />,
    },
    {
      id: "findings",
      label: "Open findings",
      cell: (host) => <SeverityTally counts={host.severity_counts} />,
    },
    {
      id: "environment",
      label: "Environment",
      cell: (host) => <EnvironmentName environment={host.environment} />,
    },
    {
      id: "containers",
      label: "Containers",
      numeric: true,
      cell: (host) => `${wholeText(host.containers_running)} of ${wholeText(host.containers_total)}`,
    },
    {
      id: "engine",
      label: "Engine",
      usual: false,
      cell: (host) => engineText(host) || "–",
    },
    {
      id: "operating_system",
      label: "Operating system",
      cell: (host) => host.operating_system || "–",
      usual: false,
    },
    { id: "kernel", label: "Kernel", cell: (host) => host.kernel_version || "–", usual: false },
    { id: "architecture", label: "Architecture", cell: (host) => host.architecture || "–", usual: false },
    {
      id: "memory",
      label: "Memory",
      numeric: true,
      usual: false,
      cell: (host) => bytesText(host.memory_bytes || null),
    },
    {
      id: "images",
      label: "Images",
      numeric: true,
      usual: false,
      cell: (host) => wholeText(host.images_total),
    },
    {
      id: "node",
      label: "Node",
      usual: false,
      cell: (host) => (host.node ? <NodeLamp state={host.node.state} /> : <span className="soft">none</span>),
    },
    {
      id: "last_seen",
      label: "Last seen",
      cell: (host) => (host.gone_at ? <Chip tone="plain">gone</Chip> : <Moment at={host.last_seen_at} />),
    },
    {
      id: "changed",
      label: "Changed",
      orderings: ["-changed_at"],
      usual: false,
      cell: (host) => <Moment at={host.changed_at} />,
    },
    {
      id: "first_seen",
      label: "First seen",
      orderings: ["-first_seen_at"],
      usual: false,
      cell: (host) => <Moment at={host.first_seen_at} />,
    },
  ],
  filters: [
    { name: "environment", label: "Environment" },
    {
      name: "above_line",
      label: "Above the line",
      single: true,
      words: (value) => (value === "true" ? "above" : "under"),
    },
    { name: "node", label: "Node" },
    { name: "engine", label: "Engine" },
    { name: "engine_version", label: "Engine version" },
    { name: "operating_system", label: "Operating system" },
    { name: "kernel_version", label: "Kernel" },
    { name: "architecture", label: "Architecture" },
    { name: "cgroup_version", label: "cgroup version" },
    { name: "is_rootless", label: "Rootless", single: true },
    { name: "swarm_state", label: "Swarm" },
    {
      name: "gone",
      label: "No longer there",
      single: true,
      choices: [{ value: "true", label: "Only these" }],
    },
  ],
  drawer: (id, row) => <HostDrawer id={id} row={row} />,
  nothing: {
    title: "No host has been seen yet",
    words: "Hosts appear when a node has been pulled for the first time. Register one under Nodes.",
  },
};
