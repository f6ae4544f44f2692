import type { Finding } from "../../api/types";
import { AgreementChip } from "../agreement";
import { AssetLink, EnvironmentName } from "../assetLink";
import { DeadlineText } from "../decisions/deadlineText";
import { FindingStateChip } from "../decisions/stateChip";
import type { ListDefinition } from "../explorer/definition";
import { FixText } from "../fix";
import { Moment } from "../moment";
import { FindingPanel } from "../panels/finding";
import { loadText, wordsOf } from "../quantities";
import { SeverityGlyph, SeverityWord } from "../severity";

export const FINDING_LIST: ListDefinition<Finding> = {
  path: "/findings",
  one: "finding",
  many: "findings",
  id: (finding) => String(finding.id),
  name: (finding) => `${finding.title} on ${finding.asset.name}`,
  search: true,
  past: true,
  usualOrdering: "-points",
  columns: [
    {
      id: "title",
      label: "Finding",
      width: 240,
      cell: (finding) => (
        <>
          <SeverityGlyph severity={finding.severity} /> {finding.title}
        </>
      ),
    },
    {
      id: "asset",
      label: "On",
      orderings: ["asset"],
      cell: (finding) => <AssetLink asset={finding.asset} />,
    },
    {
      id: "severity",
      label: "Severity",
      orderings: ["-severity"],
      cell: (finding) => <SeverityWord severity={finding.severity} />,
    },
    {
      id: "points",
      label: "Points",
      orderings: ["-points"],
      numeric: true,
      cell: (finding) => <strong>{loadText(finding.points)}</strong>,
    },
    {
      id: "fix",
      label: "Fix",
      cell: (finding) => <FixText fix={finding.fix} versions={finding.fixed_versions} />,
    },
    {
      id: "agreement",
      label: "Tools",
      usual: false,
      cell: (finding) => <AgreementChip agreement={finding.agreement} />,
    },
    {
      id: "opened",
      label: "Opened",
      orderings: ["-opened_at", "opened_at"],
      cell: (finding) => <Moment at={finding.opened_at} />,
    },
    {
      id: "environment",
      label: "Environment",
      cell: (finding) => <EnvironmentName environment={finding.environment} />,
    },
    {
      id: "state",
      label: "State",
      usual: false,
      cell: (finding) => <FindingStateChip state={finding.state} />,
    },
    {
      id: "due",
      label: "Due",
      orderings: ["due_at"],
      cell: (finding) => <DeadlineText deadline={finding.deadline} />,
    },
    {
      id: "owner",
      label: "Owner",
      usual: false,
      cell: (finding) => [finding.team, finding.assignee].filter(Boolean).join(", ") || "–",
    },
    { id: "host", label: "Host", usual: false, cell: (finding) => <AssetLink asset={finding.host} /> },
    { id: "kind", label: "Kind", usual: false, cell: (finding) => wordsOf(finding.kind) },
    { id: "check", label: "Check", usual: false, cell: (finding) => finding.check ?? "–" },
    {
      id: "use",
      label: "In use",
      usual: false,
      cell: (finding) => (finding.use ? wordsOf(finding.use) : "–"),
    },
    {
      id: "times",
      label: "Times opened",
      usual: false,
      numeric: true,
      cell: (finding) => finding.times_opened,
    },
    {
      id: "closed",
      label: "Resolved",
      usual: false,
      cell: (finding) => <Moment at={finding.closed_at} never="–" />,
    },
  ],
  filters: [
    { name: "state", label: "State" },
    {
      name: "hidden",
      label: "Decided",
      single: true,
      choices: [
        { value: "include", label: "Show too" },
        { value: "only", label: "Show alone" },
      ],
    },
    { name: "severity", label: "Severity" },
    { name: "due", label: "Due" },
    {
      name: "owner",
      label: "Owner",
      words: (value) => value.replace(/^team:/, "team "),
      choices: [
        { value: "me", label: "Me and my teams" },
        { value: "nobody", label: "Nobody" },
      ],
    },
    { name: "kind", label: "Kind" },
    { name: "check", label: "Check" },
    { name: "vulnerability", label: "Vulnerability" },
    { name: "package", label: "Package" },
    {
      name: "use",
      label: "In use",
      choices: [
        { value: "seen", label: "Seen in use" },
        { value: "not_seen", label: "Not seen in use" },
        { value: "not_measured", label: "Not measured" },
      ],
    },
    { name: "agreement", label: "Agreement" },
    { name: "sources", label: "Reported by" },
    { name: "fixable", label: "Fixable", single: true },
    { name: "fix", label: "Fix" },
    { name: "asset_kind", label: "On" },
    { name: "environment", label: "Environment" },
    { name: "host", label: "Host" },
    { name: "image", label: "Image" },
    { name: "node", label: "Node" },
    { name: "asset", label: "Asset" },
    { name: "framework", label: "Framework" },
    { name: "reopened", label: "Reopened", single: true },
  ],
  drawer: (id, row) => <FindingPanel id={id} row={row} />,
  nothing: {
    title: "No finding is on the worklist",
    words:
      "Either nothing is wrong or nothing was measured yet: the freshness lamp above and the coverage of each host tell which.",
  },
};
