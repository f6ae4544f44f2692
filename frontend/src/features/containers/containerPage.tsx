import { useParams } from "react-router";
import { useItem } from "../../api/hooks";
import type { ContainerDetail } from "../../api/types";
import { Explorer } from "../../ui/explorer/explorer";
import { CHECK_RESULT_LIST } from "../../ui/lists/checkResults";
import { FINDING_LIST } from "../../ui/lists/findings";
import { LoadHeading } from "../../ui/loadGauge";
import { Facts, PageFrame, Panel } from "../../ui/page";
import { EvidenceDocument, settingText } from "../../ui/panels/evidence";
import { LedgerPanel } from "../../ui/panels/ledger";
import { SeverityTally } from "../../ui/severity";
import { ProblemNote } from "../../ui/states";
import { PageTabs } from "../../ui/tabs";
import { UnreadPage } from "../../ui/unreadPage";
import { useScope } from "../../url/scope";
import { Confinement } from "./confinement";
import { ContainerFacts } from "./containerFacts";

export function ContainerPage() {
  const { id = "" } = useParams();
  const { asOf } = useScope();
  const item = useItem<ContainerDetail>(`/containers/${id}`, { as_of: asOf });
  const container = item.data;
  const crumbs = [{ label: "Containers", path: "/containers" }];
  if (!container) {
    return <UnreadPage title="Container" crumbs={crumbs} what="the container" item={item} />;
  }
  const own = { asset_kind: "container", asset: id };
  return (
    <PageFrame
      title={container.name}
      crumbs={[...crumbs, { label: container.host.name, path: `/hosts/${container.host.id}` }]}
      heading={<LoadHeading name={container.name} load={container.load} />}
      says={<SeverityTally counts={container.severity_counts} />}
    >
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      <Panel title="This container">
        <ContainerFacts container={container} />
      </Panel>
      <PageTabs
        label={`About ${container.name}`}
        tabs={[
          { id: "ledger", label: "Ledger", content: <LedgerPanel path={`/containers/${id}/ledger`} /> },
          {
            id: "confinement",
            label: "Confinement",
            content: <Confinement id={id} hostId={container.host.id} />,
          },
          {
            id: "settings",
            label: "Settings",
            content: (
              <Panel title="What should confine it" aside="as the engine was told">
                <Facts
                  facts={container.settings.map(
                    ({ name, value }) => [name, settingText(value)] as [string, string],
                  )}
                />
              </Panel>
            ),
          },
          {
            id: "findings",
            label: "Findings",
            content: <Explorer embedded definition={FINDING_LIST} fixed={own} />,
          },
          {
            id: "checks",
            label: "Checks",
            content: <Explorer embedded definition={CHECK_RESULT_LIST} fixed={own} />,
          },
          {
            id: "evidence",
            label: "Evidence",
            content: (
              <Panel title="What the engine answered" aside="secrets are taken out before it is stored">
                <EvidenceDocument value={container.document} />
              </Panel>
            ),
          },
        ]}
      />
    </PageFrame>
  );
}
