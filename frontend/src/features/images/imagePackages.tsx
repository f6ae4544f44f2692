import type { ImagePackage } from "../../api/vulnerabilities";
import type { ListDefinition } from "../../ui/explorer/definition";
import { packageOf } from "../../ui/packageText";
import { SeverityGlyph, SeverityTally } from "../../ui/severity";

/** The packages of one image. A row leads to the package's page. */
export function packagesOf(id: string): ListDefinition<ImagePackage> {
  return {
    path: `/images/${id}/packages`,
    one: "package",
    many: "packages of this image",
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
        width: 220,
        cell: (row) => (
          <>
            {row.severity && <SeverityGlyph severity={row.severity} />} {row.name}
          </>
        ),
      },
      { id: "version", label: "Version", cell: (row) => row.version },
      {
        id: "findings",
        label: "Open findings",
        cell: (row) => <SeverityTally counts={row.severity_counts} />,
      },
      {
        id: "layer",
        label: "Layer",
        numeric: true,
        cell: (row) => (row.layer < 0 ? <span className="soft">not known</span> : row.layer + 1),
      },
      { id: "tools", label: "Listed by", cell: (row) => row.tools.join(", ") || "only its findings" },
      { id: "of", label: "Of", cell: (row) => packageOf(row) },
      {
        id: "source",
        label: "Built from",
        usual: false,
        cell: (row) => row.source_name || <span className="soft">itself</span>,
      },
    ],
    filters: [
      { name: "has_findings", label: "Has open findings", single: true },
      { name: "ecosystem", label: "Ecosystem" },
    ],
    nothing: {
      title: "No tool listed the packages of this image",
      words: "Packages appear when a scanner's report or a bill of materials of it has been read.",
    },
  };
}
