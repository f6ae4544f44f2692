import { Stack } from "@mantine/core";
import { useParams } from "react-router";
import { useItem } from "../../api/hooks";
import type { Check, CheckResult } from "../../api/types";
import { OUTCOMES, OutcomeChip } from "../../ui/chips";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { CHECK_RESULT_LIST } from "../../ui/lists/checkResults";
import { Facts, PageFrame, Panel } from "../../ui/page";
import panels from "../../ui/panels/panels.module.css";
import { RequirementChips } from "../../ui/panels/requirements";
import { wholeText } from "../../ui/quantities";
import { SeverityGlyph, SeverityWord } from "../../ui/severity";
import { Loading, ProblemNote } from "../../ui/states";
import { UnreadPage } from "../../ui/unreadPage";
import { useScope } from "../../url/scope";

// Every row is of this one check, so the asset comes first.
const RESULTS: ListDefinition<CheckResult> = {
  ...CHECK_RESULT_LIST,
  columns: [
    {
      id: "name",
      label: "Asset",
      width: 200,
      cell: (result) => <span title={`${result.asset.kind} ${result.asset.name}`}>{result.asset.name}</span>,
    },
    ...CHECK_RESULT_LIST.columns.filter((column) => column.id !== "title" && column.id !== "check"),
  ],
};

function CheckWords({ check }: { check: Check }) {
  const present = OUTCOMES.filter((outcome) => (check.counts[outcome] ?? 0) > 0);
  return (
    <Stack gap="md">
      <Facts
        facts={[
          ["Severity", <SeverityWord key="severity" severity={check.severity} />],
          ["On", check.asset_kind],
          ["Evidence from", check.evidence_source],
          ["Id", <code key="id">{check.id}</code>],
        ]}
      />
      <section className={panels.block}>
        <h2>Results</h2>
        <ul className={panels.chips}>
          {present.length === 0 && <li className="soft">Not run yet.</li>}
          {present.map((outcome) => (
            <li key={outcome}>
              <OutcomeChip outcome={outcome} /> {wholeText(check.counts[outcome])}
            </li>
          ))}
        </ul>
      </section>
      <section className={panels.block}>
        <h2>Why it matters</h2>
        <p className={panels.prose}>{check.rationale}</p>
      </section>
      <section className={panels.block}>
        <h2>What to do</h2>
        <p className={panels.prose}>{check.remediation}</p>
      </section>
      <section className={panels.block}>
        <h2>Speaks to</h2>
        <RequirementChips requirements={check.requirements} />
      </section>
    </Stack>
  );
}

export function CheckDrawer({ id, row }: { id: string; row: Check | undefined }) {
  const { asOf } = useScope();
  const item = useItem<Check>(`/checks/${encodeURIComponent(id)}`, { as_of: asOf });
  const check = item.data ?? row;
  if (!check) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the check" />;
  return (
    <Stack gap="md">
      <div className={panels.title}>
        <SeverityGlyph severity={check.severity} size={15} />
        <h1>{check.title}</h1>
      </div>
      <CheckWords check={check} />
    </Stack>
  );
}

export function CheckPage() {
  const { id = "" } = useParams();
  const { asOf } = useScope();
  const item = useItem<Check>(`/checks/${encodeURIComponent(id)}`, { as_of: asOf });
  const crumbs = [{ label: "Checks", path: "/checks" }];
  if (!item.data) {
    return <UnreadPage title="Check" crumbs={crumbs} what="the check" item={item} />;
  }
  return (
    <PageFrame
      title={item.data.title}
      crumbs={crumbs}
      says={`${wholeText(item.data.failing)} of ${wholeText(item.data.applicable)} assets fail.`}
    >
      <Panel>
        <CheckWords check={item.data} />
      </Panel>
      <h2>Results, asset by asset</h2>
      <Explorer embedded definition={RESULTS} fixed={{ check: id }} />
    </PageFrame>
  );
}
