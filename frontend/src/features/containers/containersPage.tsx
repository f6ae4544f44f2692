import { Stack } from "@mantine/core";
import { useItem } from "../../api/hooks";
import type { Container, ContainerDetail } from "../../api/types";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { CONTAINER_LIST } from "../../ui/lists/containers";
import { LoadGauge } from "../../ui/loadGauge";
import { PageFrame } from "../../ui/page";
import { LedgerPanel } from "../../ui/panels/ledger";
import { SeverityTally } from "../../ui/severity";
import { Loading, ProblemNote } from "../../ui/states";
import { useScope } from "../../url/scope";
import { ContainerFacts } from "./containerFacts";

function ContainerDrawer({ id, row }: { id: string; row: Container | undefined }) {
  const { asOf } = useScope();
  const item = useItem<ContainerDetail>(`/containers/${id}`, { as_of: asOf });
  const container: Container | undefined = item.data ?? row;
  if (!container) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the container" />;
  return (
    <Stack gap="md">
      <h1>{container.name}</h1>
      <LoadGauge load={container.load} large />
      <SeverityTally counts={container.severity_counts} />
      <ContainerFacts container={container} />
      <LedgerPanel path={`/containers/${id}/ledger`} short />
    </Stack>
  );
}

const LIST: ListDefinition<Container> = {
  ...CONTAINER_LIST,
  drawer: (id, row) => <ContainerDrawer id={id} row={row} />,
};

export function ContainersPage() {
  return (
    <PageFrame
      title="Containers"
      fill
      says="Every container that the pulled engines know, heaviest load first."
    >
      <Explorer definition={LIST} />
    </PageFrame>
  );
}
