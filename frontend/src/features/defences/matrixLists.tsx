import type { ContainerMatrix, DefenceCells, HostMatrix, Mechanism } from "../../api/defences";
import { AssetLink, EnvironmentName } from "../../ui/assetLink";
import { NodeLamp } from "../../ui/chips";
import { AddNodeButton } from "../../ui/defences/addNodeButton";
import { shortName } from "../../ui/defences/mechanisms";
import { cellOf, cellText, StateGlyph } from "../../ui/defences/states";
import type { Column, Filter, ListDefinition } from "../../ui/explorer/definition";
import { LoadGauge } from "../../ui/loadGauge";
import { Moment } from "../../ui/moment";
import { ContainerDrawer, HostDrawer } from "./drawers";
import { MatchingCounts } from "./matchingCounts";

const HOSTS = "/host-defences";
const CONTAINERS = "/container-defences";

/** One column a mechanism. `path` is the matrix that its counts are asked from. */
function cellColumns<Row extends { name: string; defences: DefenceCells }>(
  mechanisms: Mechanism[],
  path: string,
): Column<Row>[] {
  return mechanisms.map((mechanism) => ({
    id: mechanism.id,
    label: shortName(mechanism),
    title: mechanism.title,
    narrow: true,
    cell: (row) => <StateGlyph state={cellOf(row.defences, mechanism.id)?.state ?? null} />,
    hint: (row) => `${row.name}\n${cellText(mechanism.title, cellOf(row.defences, mechanism.id))}`,
    summary: (query) => <MatchingCounts path={path} query={query} mechanism={mechanism} />,
  }));
}

/** The filters by state: each takes mechanisms, of which any must be in that state. */
function stateFilters(mechanisms: Mechanism[]): Filter[] {
  const words = (id: string) => mechanisms.find((mechanism) => mechanism.id === id)?.title ?? id;
  return [
    { name: "absent", label: "Absent", words },
    { name: "permissive", label: "Permissive", words },
    { name: "not_measured", label: "Not measured", words },
    { name: "enforcing", label: "Enforcing", words },
  ];
}

const allThatMatch = () => <span className="soft">All that match</span>;

const HOST_FILTERS: Filter[] = [
  { name: "environment", label: "Environment" },
  { name: "distribution", label: "Distribution" },
  { name: "kernel", label: "Kernel" },
];

const MORE_HOST_FILTERS: Filter[] = [
  { name: "is_root", label: "Read as root", single: true },
  { name: "reboot_required", label: "Reboot required", single: true },
  { name: "label", label: "Label", words: (value) => value },
  { name: "host", label: "Host" },
  { name: "node", label: "Node" },
  {
    name: "gone",
    label: "No longer there",
    single: true,
    choices: [{ value: "true", label: "Only these" }],
  },
];

/** Why there may be no row at all. */
export const NOTHING = {
  title: "No host probe has read a host yet",
  words:
    "What the kernel sets against an attack can only be seen on the host itself. Add a node for a host probe.",
  action: <AddNodeButton />,
};

/** Hosts × mechanisms. */
export function hostMatrix(mechanisms: Mechanism[]): ListDefinition<HostMatrix> {
  return {
    path: HOSTS,
    one: "host",
    many: "hosts",
    id: (host) => String(host.id),
    name: (host) => host.name,
    page: (host) => `/hosts/${host.id}`,
    search: true,
    past: true,
    usualOrdering: "-load",
    columns: [
      {
        id: "name",
        label: "Host",
        orderings: ["name", "-name"],
        width: 130,
        cell: (host) => host.name,
        summary: allThatMatch,
      },
      ...cellColumns<HostMatrix>(mechanisms, HOSTS),
      {
        id: "load",
        label: "Load",
        orderings: ["-load", "load"],
        cell: (host) => <LoadGauge load={host.load} ledger={`/hosts/${host.id}/ledger`} />,
      },
      { id: "distribution", label: "Distribution", cell: (host) => host.distribution || "–" },
      { id: "kernel", label: "Kernel", cell: (host) => host.kernel_release || "–" },
      {
        id: "environment",
        label: "Environment",
        cell: (host) => <EnvironmentName environment={host.environment} />,
      },
      {
        id: "reboot",
        label: "Reboot",
        usual: false,
        cell: (host) =>
          host.reboot_required === null ? (
            <span className="soft">not measured</span>
          ) : host.reboot_required ? (
            "required"
          ) : (
            "not required"
          ),
      },
      {
        id: "root",
        label: "Read as",
        usual: false,
        cell: (host) => (host.is_root ? "root" : "other account"),
      },
      {
        id: "node",
        label: "Node",
        usual: false,
        cell: (host) =>
          host.node ? <NodeLamp state={host.node.state} /> : <span className="soft">none</span>,
      },
      {
        id: "last_seen",
        label: "Last seen",
        usual: false,
        cell: (host) => <Moment at={host.last_seen_at} />,
      },
    ],
    filters: [...HOST_FILTERS, ...stateFilters(mechanisms), ...MORE_HOST_FILTERS],
    drawer: (id, row) => <HostDrawer id={id} row={row} mechanisms={mechanisms} />,
    nothing: NOTHING,
  };
}

/** Containers × restrictions. */
export function containerMatrix(mechanisms: Mechanism[]): ListDefinition<ContainerMatrix> {
  return {
    path: CONTAINERS,
    one: "container",
    many: "containers",
    id: (container) => String(container.id),
    name: (container) => container.name,
    page: (container) => `/containers/${container.id}`,
    search: true,
    past: true,
    usualOrdering: "-load",
    columns: [
      {
        id: "name",
        label: "Container",
        orderings: ["name", "-name"],
        width: 150,
        cell: (container) => container.name,
        summary: allThatMatch,
      },
      ...cellColumns<ContainerMatrix>(mechanisms, CONTAINERS),
      { id: "host", label: "Host", cell: (container) => <AssetLink asset={container.host} /> },
      { id: "manager", label: "Started by", cell: (container) => container.manager || "–" },
      {
        id: "load",
        label: "Load",
        orderings: ["-load", "load"],
        cell: (container) => (
          <LoadGauge load={container.load} ledger={`/containers/${container.id}/ledger`} />
        ),
      },
      {
        id: "environment",
        label: "Environment",
        usual: false,
        cell: (container) => <EnvironmentName environment={container.environment} />,
      },
      {
        id: "last_seen",
        label: "Last seen",
        usual: false,
        cell: (container) => <Moment at={container.last_seen_at} />,
      },
    ],
    filters: [
      { name: "environment", label: "Environment" },
      { name: "manager", label: "Started by" },
      ...stateFilters(mechanisms),
      { name: "host", label: "Host" },
      {
        name: "gone",
        label: "No longer there",
        single: true,
        choices: [{ value: "true", label: "Only these" }],
      },
    ],
    drawer: (id, row) => <ContainerDrawer id={id} row={row} mechanisms={mechanisms} />,
    nothing: {
      ...NOTHING,
      title: "No host probe has seen a container yet",
    },
  };
}

/** The hosts to compare, chosen by the same filters. Its rows are never listed. */
export const COMPARED: ListDefinition<HostMatrix> = {
  ...hostMatrix([]),
  filters: [
    ...HOST_FILTERS,
    ...stateFilters([]),
    ...MORE_HOST_FILTERS.filter((filter) => filter.name !== "gone"),
  ],
  drawer: undefined,
};
