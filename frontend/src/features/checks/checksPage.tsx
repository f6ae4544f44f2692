import type { Check } from "../../api/types";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { wholeText } from "../../ui/quantities";
import { SeverityGlyph, SeverityWord } from "../../ui/severity";
import { CheckDrawer } from "./checkPage";

/** `12 of 230` fail; what was not measured is said and never counted as passed. */
export function failingText(check: Check): string {
  if (check.applicable === 0) return check.counts.not_measured > 0 ? "not measured" : "applies to nothing";
  return `${wholeText(check.failing)} of ${wholeText(check.applicable)}`;
}

const LIST: ListDefinition<Check> = {
  path: "/checks",
  one: "check",
  many: "checks",
  id: (check) => check.id,
  name: (check) => check.title,
  page: (check) => `/checks/${check.id}`,
  search: true,
  past: true,
  usualOrdering: "-failing",
  columns: [
    {
      id: "title",
      label: "Check",
      width: 280,
      cell: (check) => (
        <>
          <SeverityGlyph severity={check.severity} /> {check.title}
        </>
      ),
    },
    { id: "failing", label: "Failing", orderings: ["-failing"], numeric: true, cell: failingText },
    {
      id: "severity",
      label: "Severity",
      orderings: ["-severity"],
      cell: (check) => <SeverityWord severity={check.severity} />,
    },
    { id: "asset_kind", label: "On", cell: (check) => check.asset_kind },
    { id: "pass", label: "Passed", numeric: true, cell: (check) => wholeText(check.counts.pass ?? 0) },
    {
      id: "manual",
      label: "Manual",
      numeric: true,
      usual: false,
      cell: (check) => wholeText(check.counts.manual ?? 0),
    },
    {
      id: "not_measured",
      label: "Not measured",
      numeric: true,
      cell: (check) => wholeText(check.counts.not_measured ?? 0),
    },
    { id: "evidence", label: "Evidence from", cell: (check) => check.evidence_source, usual: false },
    { id: "id", label: "Id", orderings: ["id"], cell: (check) => <code>{check.id}</code>, usual: false },
  ],
  filters: [
    { name: "severity", label: "Severity" },
    { name: "asset_kind", label: "On" },
    { name: "framework", label: "Framework" },
    { name: "has_failures", label: "Fails somewhere", single: true },
    { name: "environment", label: "Environment" },
  ],
  drawer: (id, row) => <CheckDrawer id={id} row={row} />,
  nothing: {
    title: "No checks are installed",
    words: "The catalogue comes with the program; this installation lacks it.",
  },
};

export function ChecksPage() {
  return (
    <PageFrame title="Checks" fill says="Every technical test, and on how many assets it fails.">
      <Explorer definition={LIST} />
    </PageFrame>
  );
}
