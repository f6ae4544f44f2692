import { Stack } from "@mantine/core";
import { useParams } from "react-router";
import { useItem } from "../../api/hooks";
import type { PackageDetail } from "../../api/vulnerabilities";
import { Explorer } from "../../ui/explorer/explorer";
import { FINDING_LIST } from "../../ui/lists/findings";
import { IMAGES_HOLDING } from "../../ui/lists/imagesHolding";
import { packageOf } from "../../ui/packageText";
import { PageFrame, Panel } from "../../ui/page";
import { ProblemNote } from "../../ui/states";
import { PageTabs } from "../../ui/tabs";
import { UnreadPage } from "../../ui/unreadPage";
import { useScope } from "../../url/scope";
import { PackageFacts, PackageVersions, PackageVulnerabilities } from "./packageParts";

const CRUMBS = [{ label: "Packages", path: "/packages" }];

export function PackagePage() {
  const { id = "" } = useParams();
  const { asOf } = useScope();
  const query = useItem<PackageDetail>(`/packages/${id}`, { as_of: asOf });
  const item = query.data;
  if (!item) return <UnreadPage title="Package" crumbs={CRUMBS} what="the package" item={query} />;
  return (
    <PageFrame title={`${item.name} ${item.version}`} crumbs={CRUMBS} says={packageOf(item)}>
      {query.error && <ProblemNote problem={query.error} retry={() => void query.refetch()} />}
      <Panel title="This package">
        <PackageFacts row={item} url={item.url} />
      </Panel>
      <PageTabs
        label={`About ${item.name} ${item.version}`}
        tabs={[
          {
            id: "overview",
            label: "Overview",
            content: (
              <Stack gap="md">
                <PackageVulnerabilities item={item} />
                <PackageVersions item={item} />
              </Stack>
            ),
          },
          {
            id: "images",
            label: "Images",
            content: <Explorer embedded definition={IMAGES_HOLDING} fixed={{ package: id }} />,
          },
          {
            id: "findings",
            label: "Findings",
            content: <Explorer embedded definition={FINDING_LIST} fixed={{ package: id }} />,
          },
        ]}
      />
    </PageFrame>
  );
}
