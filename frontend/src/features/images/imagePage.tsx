import { Button, Menu } from "@mantine/core";
import type { ReactNode } from "react";
import { useParams } from "react-router";
import { apiPath } from "../../api/client";
import { useItem } from "../../api/hooks";
import type { ImageDetail, SeverityCounts } from "../../api/types";
import type { Scan } from "../../api/vulnerabilities";
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
import { bytesText, plural, wholeText } from "../../ui/quantities";
import { SeverityTally } from "../../ui/severity";
import { Empty, ProblemNote } from "../../ui/states";
import { PageTabs } from "../../ui/tabs";
import { Tiles } from "../../ui/tiles";
import { UnreadPage } from "../../ui/unreadPage";
import { useCarry, useScope } from "../../url/scope";
import { ImageFacts } from "./imageDrawer";
import { ImageLayers, useBuild } from "./imageLayers";
import { packagesOf } from "./imagePackages";
import { ImageScans, ScanChip, wordOf } from "./imageScans";
import { ImageSignatures } from "./imageSignatures";

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

function Downloads({ id, listed, open }: { id: string; listed: boolean; open: boolean }) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default">Download</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Bill of materials{listed ? "" : ": no package is listed"}</Menu.Label>
        <Menu.Item component="a" href={apiPath(`/images/${id}/sbom`)} download disabled={!listed}>
          CycloneDX 1.6
        </Menu.Item>
        <Menu.Item
          component="a"
          href={apiPath(`/images/${id}/sbom`, { format: "spdx" })}
          download
          disabled={!listed}
        >
          SPDX 2.3
        </Menu.Item>
        <Menu.Label>Vulnerabilities{open ? "" : ": none is open"}</Menu.Label>
        <Menu.Item component="a" href={apiPath(`/images/${id}/vex`)} download disabled={!open}>
          OpenVEX
        </Menu.Item>
        <Menu.Item component="a" href={apiPath(`/images/${id}/sarif`)} download>
          SARIF 2.1.0
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** One word on all scans of the image: the worst state, and how many tools looked. */
function scanTile(scans: Scan[] | undefined): { value: ReactNode; detail: string } {
  if (!scans) return { value: "…", detail: "" };
  const worst = (["failed", "partial", "running", "waiting", "done"] as const).find((state) =>
    scans.some((scan) => wordOf(scan) === state),
  );
  if (!worst) return { value: <span className="soft">not measured</span>, detail: "no scanner told of it" };
  return { value: <ScanChip state={worst} />, detail: `by ${scans.map((scan) => scan.tool).join(", ")}` };
}

export function ImagePage() {
  const { id = "" } = useParams();
  const { asOf } = useScope();
  const to = useCarry();
  const item = useItem<ImageDetail>(`/images/${id}`, { as_of: asOf });
  const build = useBuild(id);
  const scans = useItem<Scan[]>(`/images/${id}/scans`);
  const image = item.data;
  const crumbs = [{ label: "Images", path: "/images" }];
  if (!image) {
    return <UnreadPage title="Image" crumbs={crumbs} what="the image" item={item} />;
  }
  const own = { asset_kind: "image", asset: id };
  const tab = (name: string) => to(`/images/${id}`, { tab: name });
  const packages = build.data?.packages;
  const open = totalOf(image.severity_counts);
  return (
    <PageFrame
      title={image.name}
      crumbs={crumbs}
      heading={<LoadHeading name={image.name} load={image.load} />}
      actions={
        <Downloads
          id={id}
          listed={packages !== null && packages !== undefined}
          open={build.data?.layers.some((layer) => totalOf(layer.severity_counts) > 0) ?? false}
        />
      }
    >
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      <Tiles
        label={`${image.name} at a glance`}
        tiles={[
          {
            label: "Open findings",
            value: wholeText(open),
            detail: <SeverityTally counts={image.severity_counts} />,
            to: tab("findings"),
          },
          {
            label: "Packages",
            words: packages === null,
            value:
              packages === undefined ? (
                "…"
              ) : packages === null ? (
                <span className="soft">not measured</span>
              ) : (
                wholeText(packages)
              ),
            detail: packages === null ? "no tool listed any" : undefined,
            to: tab("packages"),
          },
          { label: "Scans", ...scanTile(scans.data), to: tab("scans") },
          {
            label: "Rests on",
            words: true,
            value: build.data?.base?.name ?? <span className="soft">not known</span>,
            detail: build.data?.base && (
              <>
                would close <SeverityTally counts={build.data.base.closes} />
              </>
            ),
            to: tab("layers"),
          },
          {
            label: "Containers",
            value: wholeText(image.containers_running),
            detail: `running; stored on ${plural(image.hosts, "host", "hosts")}`,
            to: tab("containers"),
          },
          {
            label: "Built",
            value: <Moment at={image.created_at} never="unknown" />,
            words: !image.created_at,
            detail: `${image.size_bytes > 0 ? bytesText(image.size_bytes) : "size not told"}, ${image.layers.length > 0 ? plural(image.layers.length, "layer", "layers") : "layers not told"}`,
            to: tab("layers"),
          },
        ]}
      />
      <Panel title="This image">
        <ImageFacts image={image} brief />
      </Panel>
      <PageTabs
        label={`About ${image.name}`}
        tabs={[
          { id: "ledger", label: "Ledger", content: <LedgerPanel path={`/images/${id}/ledger`} /> },
          {
            id: "findings",
            label: "Findings",
            content: <Explorer embedded definition={FINDING_LIST} fixed={own} />,
          },
          {
            id: "packages",
            label: packages ? `Packages ${wholeText(packages)}` : "Packages",
            content: <Explorer embedded definition={packagesOf(id)} />,
          },
          { id: "scans", label: "Scanners", content: <ImageScans id={id} /> },
          { id: "signatures", label: "Signatures", content: <ImageSignatures id={id} /> },
          { id: "layers", label: "Layers", content: <ImageLayers image={image} /> },
          { id: "hosts", label: `Hosts ${image.hosts}`, content: <Hosts image={image} /> },
          {
            id: "containers",
            label: "Containers",
            content: <Explorer embedded definition={CONTAINER_LIST} fixed={{ image: id }} />,
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

function totalOf(counts: SeverityCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
