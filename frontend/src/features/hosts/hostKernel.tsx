import { Stack } from "@mantine/core";
import { Link } from "react-router";
import type { HostProbe } from "../../api/defences";
import { useItem } from "../../api/hooks";
import { NodeLamp } from "../../ui/chips";
import { AddNodeButton } from "../../ui/defences/addNodeButton";
import { DefenceTable } from "../../ui/defences/defenceTable";
import { NotMeasuredPanel } from "../../ui/defences/notMeasured";
import { Moment } from "../../ui/moment";
import { Facts, Panel, pageClasses } from "../../ui/page";
import { EvidenceDocument } from "../../ui/panels/evidence";
import { plural, wholeText } from "../../ui/quantities";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { pathOf } from "../../url/paths";
import { useCarry, useScope } from "../../url/scope";
import { HostPackages } from "./hostPackages";

function Unprobed() {
  const { asOf } = useScope();
  return (
    <Panel title="Kernel">
      <Empty
        title={asOf ? "No host probe read this host at that date" : "No host probe reads this host"}
        action={asOf ? undefined : <AddNodeButton />}
      >
        The engine cannot tell which of the kernel's defences stand here, nor what confines each container's
        process. Add a node for a host probe on this host: over SSH nothing is installed on it.
      </Empty>
    </Panel>
  );
}

function Skipped({ skipped }: { skipped: HostProbe["skipped"] }) {
  if (skipped.length === 0) return null;
  return (
    <Panel title="What was skipped" aside="when this was first said">
      <div className={pageClasses.frame}>
        <table className={pageClasses.table} aria-label="Skipped">
          <thead>
            <tr>
              <th scope="col">Where</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {skipped.map(({ where, reason }) => (
              <tr key={`${where} ${reason}`}>
                <td>
                  <code>{where}</code>
                </td>
                <td>{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

/** What only the host itself can tell: its kernel's defences with their evidence, and how the probe came to know. */
export function HostKernel({ id }: { id: string }) {
  const { asOf } = useScope();
  const to = useCarry();
  const item = useItem<HostProbe>(`/hosts/${id}/probe`, { as_of: asOf });
  const probe = item.data;
  if (!probe) {
    if (item.error?.status === 404) return <Unprobed />;
    return item.error ? (
      <ProblemNote problem={item.error} retry={() => void item.refetch()} />
    ) : (
      <Loading what="the host probe's answer" />
    );
  }
  const { node, packages } = probe;
  return (
    <Stack gap="md">
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      <Panel title="The host probe" aside={`version ${probe.probe_version || "not told"}`}>
        <Facts
          facts={[
            ["Distribution", probe.distribution],
            ["Kernel", probe.kernel_release],
            ["Reads as root", probe.is_root ? "yes" : "no: much is not measured"],
            [
              "Reboot required",
              probe.reboot_required === null ? "not measured" : probe.reboot_required ? "yes" : "no",
            ],
            [
              "Packages",
              packages.count === null
                ? "not measured"
                : `${wholeText(packages.count)}${packages.manager ? ` (${packages.manager})` : ""}`,
            ],
            ["Not measured", plural(probe.not_measured.length, "fact", "facts")],
            [
              "Node",
              node && (
                <span key="node">
                  <Link to={to(pathOf("node", node.id) ?? "/nodes")}>{node.name}</Link>{" "}
                  <NodeLamp state={node.state} />
                </span>
              ),
            ],
            ["Says the same since", <Moment key="since" at={probe.since} />],
          ]}
        />
      </Panel>
      <DefenceTable asset={id} kind="host" title="Kernel defences" />
      <NotMeasuredPanel entries={probe.not_measured} />
      <Skipped skipped={probe.skipped} />
      <HostPackages id={id} count={packages.count} />
      <Panel title="What the probe answered" aside="secrets are taken out before it is sent">
        <EvidenceDocument value={probe.document} />
      </Panel>
    </Stack>
  );
}
