import type { Image } from "../../api/types";
import { AssetLink } from "../assetLink";
import type { ListDefinition } from "../explorer/definition";
import { LoadGauge } from "../loadGauge";
import { Moment } from "../moment";
import { wholeText } from "../quantities";
import { SeverityTally } from "../severity";

/** Images that hold something, as its page shows them: what it is comes as a fixed filter. */
export const IMAGES_HOLDING: ListDefinition<Image> = {
  path: "/images",
  one: "image",
  many: "images",
  id: (image) => String(image.id),
  name: (image) => image.name,
  page: (image) => `/images/${image.id}`,
  search: true,
  past: true,
  usualOrdering: "-load",
  columns: [
    {
      id: "name",
      label: "Image",
      orderings: ["name"],
      width: 240,
      cell: (image) => <AssetLink asset={{ kind: "image", id: image.id, name: image.name }} />,
    },
    {
      id: "load",
      label: "Load",
      orderings: ["-load", "load"],
      cell: (image) => <LoadGauge load={image.load} ledger={`/images/${image.id}/ledger`} />,
    },
    {
      id: "findings",
      label: "Open findings",
      cell: (image) => <SeverityTally counts={image.severity_counts} />,
    },
    { id: "hosts", label: "Hosts", numeric: true, cell: (image) => wholeText(image.hosts) },
    { id: "running", label: "Running", numeric: true, cell: (image) => wholeText(image.containers_running) },
    {
      id: "created",
      label: "Built",
      orderings: ["-created_at", "created_at"],
      cell: (image) => <Moment at={image.created_at} never="unknown" />,
    },
  ],
  filters: [
    { name: "in_use", label: "In use", single: true },
    { name: "environment", label: "Environment" },
  ],
  nothing: {
    title: "No image that is here now holds it",
    words: "Images whose hosts are gone, or that you may not see, are not listed.",
  },
};
