import type { Image } from "../../api/types";
import type { ListDefinition } from "../../ui/explorer/definition";
import { LoadGauge } from "../../ui/loadGauge";
import { Moment } from "../../ui/moment";
import { bytesText, wholeText } from "../../ui/quantities";
import { SeverityTally } from "../../ui/severity";
import { ImageDrawer } from "./imageDrawer";

export const IMAGE_LIST: ListDefinition<Image> = {
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
    { id: "name", label: "Image", orderings: ["name"], width: 220, cell: (image) => image.name },
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
      id: "size",
      label: "Size",
      numeric: true,
      orderings: ["-size_bytes"],
      cell: (image) => bytesText(image.size_bytes),
    },
    {
      id: "created",
      label: "Built",
      orderings: ["-created_at", "created_at"],
      cell: (image) => <Moment at={image.created_at} never="unknown" />,
    },
    { id: "user", label: "User", usual: false, cell: (image) => image.user || "root (not set)" },
    { id: "platform", label: "Platform", usual: false, cell: (image) => `${image.os}/${image.architecture}` },
    {
      id: "digest",
      label: "Digest",
      usual: false,
      cell: (image) => <code>{image.digest.slice(0, 19)}</code>,
    },
  ],
  filters: [
    { name: "in_use", label: "In use", single: true },
    { name: "user_root", label: "Runs as root", single: true },
    { name: "repository", label: "Repository" },
    { name: "os", label: "Operating system" },
    { name: "architecture", label: "Architecture" },
    { name: "environment", label: "Environment" },
    { name: "host", label: "Host" },
    {
      name: "gone",
      label: "No longer there",
      single: true,
      choices: [{ value: "true", label: "Only these" }],
    },
  ],
  drawer: (id, row) => <ImageDrawer id={id} row={row} />,
  nothing: {
    title: "No image has been seen yet",
    words: "Images appear when a node that stores them has been pulled.",
  },
};
