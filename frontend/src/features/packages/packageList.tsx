import type { Package } from "../../api/vulnerabilities";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Moment } from "../../ui/moment";
import { countText } from "../../ui/quantities";
import { SeverityGlyph, SeverityWord } from "../../ui/severity";
import { PackageDrawer } from "./packageDrawer";

export const PACKAGE_LIST: ListDefinition<Package> = {
  path: "/packages",
  one: "package",
  many: "packages",
  id: (row) => String(row.id),
  name: (row) => `${row.name} ${row.version}`,
  page: (row) => `/packages/${row.id}`,
  search: true,
  past: true,
  usualOrdering: "name",
  columns: [
    {
      id: "name",
      label: "Package",
      orderings: ["name", "-name"],
      width: 200,
      cell: (row) => (
        <>
          {row.severity && <SeverityGlyph severity={row.severity} />}{" "}
          {row.namespace && row.ecosystem !== "deb" && row.ecosystem !== "rpm" && row.ecosystem !== "apk" && (
            <span className="soft">{row.namespace}/</span>
          )}
          {row.name}
        </>
      ),
    },
    { id: "version", label: "Version", cell: (row) => row.version },
    { id: "of", label: "Of", cell: (row) => row.distribution || row.ecosystem },
    { id: "images", label: "Images", numeric: true, cell: (row) => countText(row.images) },
    { id: "findings", label: "Open findings", numeric: true, cell: (row) => countText(row.findings) },
    {
      id: "severity",
      label: "Worst",
      cell: (row) =>
        row.severity ? <SeverityWord severity={row.severity} /> : <span className="soft">none open</span>,
    },
    {
      id: "first_seen",
      label: "First seen",
      orderings: ["-first_seen_at"],
      cell: (row) => <Moment at={row.first_seen_at} />,
    },
    {
      id: "source",
      label: "Built from",
      usual: false,
      cell: (row) => row.source_name || <span className="soft">itself</span>,
    },
    { id: "architecture", label: "Architecture", usual: false, cell: (row) => row.architecture || "–" },
    { id: "ecosystem", label: "Ecosystem", usual: false, cell: (row) => row.ecosystem },
  ],
  filters: [
    { name: "has_findings", label: "Has open findings", single: true },
    { name: "ecosystem", label: "Ecosystem" },
    { name: "distribution", label: "Distribution" },
    { name: "name", label: "Name" },
    { name: "source", label: "Built from" },
  ],
  drawer: (id, row) => <PackageDrawer id={id} row={row} />,
  nothing: {
    title: "No package is known yet",
    words: "Packages appear when a scanner's report or a bill of materials of an image has been read.",
  },
};
