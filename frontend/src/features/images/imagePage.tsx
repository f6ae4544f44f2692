import { useParams } from "react-router";
import { useItem } from "../../api/hooks";
import type { ImageDetail } from "../../api/types";
import { AssetLink } from "../../ui/assetLink";
import { Explorer } from "../../ui/explorer/explorer";
import { CHECK_RESULT_LIST } from "../../ui/lists/checkResults";
import { CONTAINER_LIST } from "../../ui/lists/containers";
import { FINDING_LIST } from "../../ui/lists/findings";
import { LoadHeading } from "../../ui/loadGauge";
import { Moment } from "../../ui/moment";
import { PageFrame, Panel, pageClasses } from "../../ui/page";
import { EvidenceDocument } from "../../ui/panels/evidence";
import { LedgerPanel } from "../../ui/panels/ledger";
import { bytesText } from "../../ui/quantities";
import { SeverityTally } from "../../ui/severity";
import { Empty, ProblemNote } from "../../ui/states";
import { PageTabs } from "../../ui/tabs";
import { UnreadPage } from "../../ui/unreadPage";
import { useScope } from "../../url/scope";
import { ImageFacts } from "./imageDrawer";

function Layers({ image }: { image: ImageDetail }) {
  const steps = image.history ?? [];
  if (steps.length === 0) return <Empty title="The engine told no history of this image" />;
  return (
    <Panel title="How it was built" aside="newest step first">
      <div className={pageClasses.frame}>
        <table className={pageClasses.table}>
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col" className={pageClasses.number}>
                Size
              </th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the steps of one image never change their order
              <tr key={index}>
                <td>
                  <code>{step.created_by || "(nothing said)"}</code>
                </td>
                <td className={pageClasses.number}>{bytesText(step.size_bytes)}</td>
                <td>
                  <Moment at={step.created_at} never="unknown" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Hosts({ image }: { image: ImageDetail }) {
  if (image.hosts_list.length === 0) return <Empty title="No host stores this image any more" />;
  return (
    <Panel title="Hosts that store it">
      <table className={pageClasses.table}>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Known there as</th>
          </tr>
        </thead>
        <tbody>
          {image.hosts_list.map((host) => (
            <tr key={host.id}>
              <td>
                <AssetLink asset={host} />
              </td>
              <td>{host.references?.join(", ") || <span className="soft">no reference</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

export function ImagePage() {
  const { id = "" } = useParams();
  const { asOf } = useScope();
  const item = useItem<ImageDetail>(`/images/${id}`, { as_of: asOf });
  const image = item.data;
  const crumbs = [{ label: "Images", path: "/images" }];
  if (!image) {
    return <UnreadPage title="Image" crumbs={crumbs} what="the image" item={item} />;
  }
  const own = { asset_kind: "image", asset: id };
  return (
    <PageFrame
      title={image.name}
      crumbs={crumbs}
      heading={<LoadHeading name={image.name} load={image.load} />}
      says={<SeverityTally counts={image.severity_counts} />}
    >
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      <Panel title="This image">
        <ImageFacts image={image} />
      </Panel>
      <PageTabs
        label={`About ${image.name}`}
        tabs={[
          { id: "ledger", label: "Ledger", content: <LedgerPanel path={`/images/${id}/ledger`} /> },
          { id: "layers", label: "Layers", content: <Layers image={image} /> },
          { id: "hosts", label: `Hosts ${image.hosts}`, content: <Hosts image={image} /> },
          {
            id: "containers",
            label: "Containers",
            content: <Explorer embedded definition={CONTAINER_LIST} fixed={{ image: id }} />,
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
                <EvidenceDocument value={image.document} />
              </Panel>
            ),
          },
        ]}
      />
    </PageFrame>
  );
}
