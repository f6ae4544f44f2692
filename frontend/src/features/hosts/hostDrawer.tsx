import { Stack } from "@mantine/core";
import { useItem } from "../../api/hooks";
import type { Host, HostDetail } from "../../api/types";
import { LoadGauge } from "../../ui/loadGauge";
import { Panel } from "../../ui/page";
import { LedgerPanel } from "../../ui/panels/ledger";
import { SeverityTally } from "../../ui/severity";
import { Loading, ProblemNote } from "../../ui/states";
import { useScope } from "../../url/scope";
import { HostFacts } from "./hostFacts";

export function HostDrawer({ id, row }: { id: string; row: Host | undefined }) {
  const { asOf } = useScope();
  const item = useItem<HostDetail>(`/hosts/${id}`, { as_of: asOf });
  const host: Host | undefined = item.data ?? row;
  if (!host) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the host" />;
  return (
    <Stack gap="md">
      <h1>{host.name}</h1>
      <LoadGauge load={host.load} large />
      <SeverityTally counts={host.severity_counts} />
      <LedgerPanel path={`/hosts/${id}/ledger`} short />
      <Panel title="This host">
        <HostFacts host={host} />
      </Panel>
    </Stack>
  );
}
