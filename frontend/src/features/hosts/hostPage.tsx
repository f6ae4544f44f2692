import { Button } from "@mantine/core";
import { useNavigate, useParams } from "react-router";
import { useChange, useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { HostDetail, Pull } from "../../api/types";
import { NodeLamp } from "../../ui/chips";
import { Explorer } from "../../ui/explorer/explorer";
import { CHECK_RESULT_LIST } from "../../ui/lists/checkResults";
import { CONTAINER_LIST } from "../../ui/lists/containers";
import { FINDING_LIST } from "../../ui/lists/findings";
import { HISTORY_LIST } from "../../ui/lists/history";
import { PULL_LIST } from "../../ui/lists/pulls";
import { gaugeText, LoadGauge } from "../../ui/loadGauge";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { PageFrame, Panel } from "../../ui/page";
import { EvidenceDocument } from "../../ui/panels/evidence";
import { LedgerPanel } from "../../ui/panels/ledger";
import { SeverityTally } from "../../ui/severity";
import { Empty, ProblemNote } from "../../ui/states";
import { PageTabs, type Tab } from "../../ui/tabs";
import { UnreadPage } from "../../ui/unreadPage";
import { useCarry, useScope } from "../../url/scope";
import { HostFacts } from "./hostFacts";
import { HostKernel } from "./hostKernel";
import classes from "./hosts.module.css";

const CRUMBS = [{ label: "Hosts", path: "/hosts" }];

export function HostPage() {
  const { id = "" } = useParams();
  const { asOf } = useScope();
  const { can } = useSession();
  const to = useCarry();
  const navigate = useNavigate();
  const notices = useNotices();
  const pull = useChange<Pull>(["/pulls"]);
  const item = useItem<HostDetail>(`/hosts/${id}`, { as_of: asOf });
  const host = item.data;
  if (!host) {
    return <UnreadPage title="Host" crumbs={CRUMBS} what="the host" item={item} />;
  }
  const node = host.node;
  const tabs: Tab[] = [
    { id: "ledger", label: "Ledger", content: <LedgerPanel path={`/hosts/${id}/ledger`} /> },
    { id: "kernel", label: "Kernel", content: <HostKernel id={id} /> },
    {
      id: "containers",
      label: `Containers ${host.containers_total}`,
      content: <Explorer embedded definition={CONTAINER_LIST} fixed={{ host: id }} />,
    },
    {
      id: "findings",
      label: "Findings",
      content: <Explorer embedded definition={FINDING_LIST} fixed={{ host: id }} />,
    },
    {
      id: "checks",
      label: "Checks",
      content: <Explorer embedded definition={CHECK_RESULT_LIST} fixed={{ asset_kind: "host", asset: id }} />,
    },
    {
      id: "pulls",
      label: "Pulls",
      content: node ? (
        <Explorer embedded definition={PULL_LIST} fixed={{ node: String(node.id) }} />
      ) : (
        <Empty title="No node pulls this host any more" />
      ),
    },
    ...(can("history.view") && node
      ? [
          {
            id: "history",
            label: "History",
            content: (
              <Explorer
                embedded
                definition={HISTORY_LIST}
                fixed={{ object_kind: "node", object_id: String(node.id) }}
              />
            ),
          },
        ]
      : []),
    {
      id: "evidence",
      label: "Evidence",
      content: (
        <Panel title="What the engine answered" aside="secrets are taken out before it is stored">
          <EvidenceDocument value={host.document} />
        </Panel>
      ),
    },
  ];
  return (
    <PageFrame
      title={host.name}
      crumbs={CRUMBS}
      heading={
        <div className={classes.heading}>
          <h1>{host.name}</h1>
          <LoadGauge load={host.load} large />
          <span className="soft">{gaugeText(host.load)}</span>
        </div>
      }
      says={
        <span className={classes.says}>
          <SeverityTally counts={host.severity_counts} />
          {node && <NodeLamp state={node.state} />}
          <span>
            {host.gone_at ? "gone since " : "last seen "}
            <Moment at={host.gone_at ?? host.last_seen_at} />
          </span>
        </span>
      }
      actions={
        node && (
          <>
            <Button variant="default" onClick={() => navigate(to(`/nodes/${node.id}`))}>
              Node
            </Button>
            {can("pulls.control") && (
              <Button
                loading={pull.isPending}
                onClick={async () => {
                  try {
                    const started = await pull.mutateAsync({
                      method: "POST",
                      path: `/nodes/${node.id}/pull`,
                    });
                    navigate(to(`/pulls/${started.id}`));
                  } catch (error) {
                    notices.failed("The pull was not started", error);
                  }
                }}
              >
                Pull now
              </Button>
            )}
          </>
        )
      }
    >
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      <Panel title="This host">
        <HostFacts host={host} />
      </Panel>
      <PageTabs tabs={tabs} label={`About ${host.name}`} />
    </PageFrame>
  );
}
