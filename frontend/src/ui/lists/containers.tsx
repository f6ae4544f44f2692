import type { Container } from "../../api/types";
import { AssetLink, EnvironmentName } from "../assetLink";
import { Chip } from "../chips";
import type { ListDefinition } from "../explorer/definition";
import { LoadGauge } from "../loadGauge";
import { Moment } from "../moment";
import { SeverityTally } from "../severity";

export function ContainerStatus({ container }: { container: Container }) {
  if (container.gone_at) return <Chip tone="plain">gone</Chip>;
  return <Chip tone={container.status === "running" ? "good" : "plain"}>{container.status}</Chip>;
}

export const CONTAINER_LIST: ListDefinition<Container> = {
  path: "/containers",
  one: "container",
  many: "containers",
  id: (container) => String(container.id),
  name: (container) => container.name,
  page: (container) => `/containers/${container.id}`,
  search: true,
  past: true,
  usualOrdering: "-load",
  columns: [
    { id: "name", label: "Container", orderings: ["name"], width: 150, cell: (container) => container.name },
    {
      id: "load",
      label: "Load",
      orderings: ["-load", "load"],
      cell: (container) => <LoadGauge load={container.load} ledger={`/containers/${container.id}/ledger`} />,
    },
    {
      id: "findings",
      label: "Open findings",
      cell: (container) => <SeverityTally counts={container.severity_counts} />,
    },
    { id: "status", label: "Status", cell: (container) => <ContainerStatus container={container} /> },
    { id: "host", label: "Host", cell: (container) => <AssetLink asset={container.host} /> },
    {
      id: "image",
      label: "Image",
      cell: (container) =>
        container.image ? (
          <AssetLink asset={{ kind: "image", ...container.image }} />
        ) : (
          container.image_reference || "–"
        ),
    },
    {
      id: "environment",
      label: "Environment",
      usual: false,
      cell: (container) => <EnvironmentName environment={container.environment} />,
    },
    { id: "user", label: "User", usual: false, cell: (container) => container.user || "root (not set)" },
    {
      id: "privileged",
      label: "Privileged",
      usual: false,
      cell: (container) => (container.privileged ? <Chip tone="bad">privileged</Chip> : "no"),
    },
    { id: "network", label: "Network", usual: false, cell: (container) => container.network_mode || "–" },
    {
      id: "published",
      label: "Published",
      usual: false,
      cell: (container) => container.published.join(", ") || "nothing",
    },
    { id: "project", label: "Project", usual: false, cell: (container) => container.project || "–" },
    {
      id: "changed",
      label: "Changed",
      orderings: ["-changed_at"],
      usual: false,
      cell: (container) => <Moment at={container.changed_at} />,
    },
    {
      id: "first_seen",
      label: "First seen",
      orderings: ["-first_seen_at"],
      usual: false,
      cell: (container) => <Moment at={container.first_seen_at} />,
    },
  ],
  filters: [
    { name: "environment", label: "Environment" },
    { name: "status", label: "Status" },
    { name: "privileged", label: "Privileged", single: true },
    { name: "exposed", label: "Published on every address", single: true },
    { name: "network_mode", label: "Network" },
    { name: "project", label: "Project" },
    { name: "host", label: "Host" },
    { name: "node", label: "Node" },
    { name: "image", label: "Image" },
    {
      name: "gone",
      label: "No longer there",
      single: true,
      choices: [{ value: "true", label: "Only these" }],
    },
  ],
  nothing: {
    title: "No container has been seen yet",
    words: "Containers appear when a node has been pulled. Hosts without any are listed under Hosts.",
  },
};
