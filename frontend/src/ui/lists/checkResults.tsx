import { Stack } from "@mantine/core";
import { Link } from "react-router";
import { useItem } from "../../api/hooks";
import type { CheckResult } from "../../api/types";
import { pathOf } from "../../url/paths";
import { useCarry, useScope } from "../../url/scope";
import { AssetLink } from "../assetLink";
import { OutcomeChip } from "../chips";
import type { ListDefinition } from "../explorer/definition";
import { Moment } from "../moment";
import { Facts } from "../page";
import { EvidenceLines } from "../panels/evidence";
import classes from "../panels/panels.module.css";
import { RequirementChips } from "../panels/requirements";
import { wordsOf } from "../quantities";
import { SeverityGlyph, SeverityWord } from "../severity";
import { Loading, ProblemNote } from "../states";

function CheckResultPanel({ id, row }: { id: string; row: CheckResult | undefined }) {
  const { asOf } = useScope();
  const to = useCarry();
  const item = useItem<CheckResult>(row ? null : `/check-results/${id}`, { as_of: asOf });
  const result = row ?? item.data;
  if (!result) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the result" />;
  return (
    <Stack gap="lg">
      <div className={classes.title}>
        <SeverityGlyph severity={result.severity} size={15} />
        <h1>{result.title}</h1>
      </div>
      <Facts
        facts={[
          ["Outcome", <OutcomeChip key="outcome" outcome={result.outcome} />],
          ["Severity", <SeverityWord key="severity" severity={result.severity} />],
          ["On", <AssetLink key="asset" asset={result.asset} />],
          ["So since", <Moment key="since" at={result.opened_at} />],
          [
            "Check",
            <Link key="check" to={to(pathOf("check", result.check) ?? "/checks")}>
              {result.check}
            </Link>,
          ],
        ]}
      />
      <section className={classes.block}>
        <h2>Evidence</h2>
        <EvidenceLines lines={result.evidence} />
      </section>
      <section className={classes.block}>
        <h2>Speaks to</h2>
        <RequirementChips requirements={result.requirements} />
      </section>
    </Stack>
  );
}

export const CHECK_RESULT_LIST: ListDefinition<CheckResult> = {
  path: "/check-results",
  one: "check result",
  many: "check results",
  id: (result) => String(result.id),
  name: (result) => `${result.title} on ${result.asset.name}`,
  search: true,
  past: true,
  usualOrdering: "-opened_at",
  columns: [
    {
      id: "title",
      label: "Check",
      width: 240,
      cell: (result) => (
        <>
          <SeverityGlyph severity={result.severity} /> {result.title}
        </>
      ),
    },
    { id: "outcome", label: "Outcome", cell: (result) => <OutcomeChip outcome={result.outcome} /> },
    { id: "asset", label: "On", cell: (result) => <AssetLink asset={result.asset} /> },
    {
      id: "evidence",
      label: "Evidence",
      cell: (result) => <span className="soft">{result.evidence[0] ?? "–"}</span>,
    },
    {
      id: "opened",
      label: "So since",
      orderings: ["-opened_at", "opened_at"],
      cell: (result) => <Moment at={result.opened_at} />,
    },
    { id: "check", label: "Check id", usual: false, cell: (result) => result.check },
    { id: "host", label: "Host", usual: false, cell: (result) => <AssetLink asset={result.host} /> },
  ],
  filters: [
    { name: "outcome", label: "Outcome", words: wordsOf },
    { name: "severity", label: "Severity" },
    { name: "asset_kind", label: "On" },
    { name: "check", label: "Check" },
    { name: "environment", label: "Environment" },
    { name: "host", label: "Host" },
    { name: "asset", label: "Asset" },
    { name: "framework", label: "Framework" },
  ],
  drawer: (id, row) => <CheckResultPanel id={id} row={row} />,
  nothing: { title: "Nothing was checked yet", words: "Checks run with every pull of a node." },
};
