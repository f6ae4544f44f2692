import { Stack } from "@mantine/core";
import { useItem } from "../../api/hooks";
import type { Image, ImageDetail } from "../../api/types";
import { LoadGauge } from "../../ui/loadGauge";
import { Moment } from "../../ui/moment";
import { type Fact, Facts } from "../../ui/page";
import { LedgerPanel } from "../../ui/panels/ledger";
import { bytesText, wholeText } from "../../ui/quantities";
import { SeverityTally } from "../../ui/severity";
import { Loading, ProblemNote } from "../../ui/states";
import { useScope } from "../../url/scope";

/** What an image is. `brief` leaves out what the tiles of its page say already. */
export function ImageFacts({ image, brief = false }: { image: Image; brief?: boolean }) {
  const told: Fact[] = brief
    ? []
    : [
        ["Size", bytesText(image.size_bytes)],
        ["Built", <Moment key="built" at={image.created_at} never="unknown" />],
        ["On hosts", wholeText(image.hosts)],
        ["Running containers", wholeText(image.containers_running)],
      ];
  return (
    <Facts
      facts={[
        ["Digest", image.digest ? <code key="digest">{image.digest}</code> : "not told"],
        ["Known as", image.references.join(", ") || "no reference"],
        ["Platform", [image.os, image.architecture].filter(Boolean).join("/") || "not told"],
        ["User", image.user || (image.os ? "root (not set)" : "not known: only reports tell of it")],
        ...told,
        ["First seen", <Moment key="first" at={image.first_seen_at} />],
        ["Last seen", <Moment key="last" at={image.last_seen_at} />],
      ]}
    />
  );
}

export function ImageDrawer({ id, row }: { id: string; row: Image | undefined }) {
  const { asOf } = useScope();
  const item = useItem<ImageDetail>(`/images/${id}`, { as_of: asOf });
  const image: Image | undefined = item.data ?? row;
  if (!image) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the image" />;
  return (
    <Stack gap="md">
      <h1>{image.name}</h1>
      <LoadGauge load={image.load} large />
      <SeverityTally counts={image.severity_counts} />
      <ImageFacts image={image} />
      <LedgerPanel path={`/images/${id}/ledger`} short />
    </Stack>
  );
}
