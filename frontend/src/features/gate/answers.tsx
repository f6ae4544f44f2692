import { Stack } from "@mantine/core";
import type { GateDecision, GateDecisionDetail } from "../../api/gate";
import { useItem } from "../../api/hooks";
import { AssetLink, EnvironmentName } from "../../ui/assetLink";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Moment } from "../../ui/moment";
import { Facts, Panel } from "../../ui/page";
import { Loading, ProblemNote } from "../../ui/states";
import classes from "./gate.module.css";
import { AnswerChip, Reasons, RuleList } from "./gateParts";
import { rulesIn } from "./rules";

function AnswerDrawer({ id, row }: { id: string; row: GateDecision | undefined }) {
  const item = useItem<GateDecisionDetail>(`/gate-decisions/${id}`);
  const decision: GateDecision | undefined = item.data ?? row;
  if (!decision) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the answer" />;
  const rules = item.data && rulesIn(item.data.policy);
  return (
    <Stack gap="md">
      <div className={classes.heading}>
        <h1>{decision.image_name}</h1>
        <AnswerChip allowed={decision.allowed} />
      </div>
      {!decision.allowed && (
        <Panel title="Why">
          <Reasons reasons={decision.reasons} />
        </Panel>
      )}
      <Facts
        facts={[
          ["Environment", <EnvironmentName key="environment" environment={decision.environment} />],
          [
            "Image",
            decision.image === null ? (
              <span key="image" className="soft">
                from a report, or gone since
              </span>
            ) : (
              <AssetLink
                key="image"
                asset={{ kind: "image", id: decision.image, name: decision.image_name }}
              />
            ),
          ],
          ["Asked by", decision.asked_by],
          ["Asked", <Moment key="asked" at={decision.asked_at} />],
        ]}
      />
      <Facts wide facts={[["Digest", decision.digest && <code key="digest">{decision.digest}</code>]]} />
      {item.data ? (
        <Panel title="What the policy refused then">
          {rules ? <RuleList rules={rules} /> : <code>{JSON.stringify(item.data.policy)}</code>}
        </Panel>
      ) : (
        !item.error && <Loading what="the policy" rows={3} />
      )}
    </Stack>
  );
}

export const ANSWER_LIST: ListDefinition<GateDecision> = {
  path: "/gate-decisions",
  one: "answer",
  many: "answers",
  id: (decision) => String(decision.id),
  name: (decision) => decision.image_name,
  search: true,
  past: false,
  usualOrdering: "-asked_at",
  columns: [
    { id: "image", label: "Image", width: 180, cell: (decision) => decision.image_name },
    { id: "allowed", label: "Answer", cell: (decision) => <AnswerChip allowed={decision.allowed} /> },
    {
      id: "environment",
      label: "Environment",
      cell: (decision) => <EnvironmentName environment={decision.environment} />,
    },
    {
      id: "asked",
      label: "Asked",
      orderings: ["-asked_at", "asked_at"],
      cell: (decision) => <Moment at={decision.asked_at} />,
    },
    {
      id: "by",
      label: "By",
      cell: (decision) => decision.asked_by ?? <span className="soft">somebody who is gone</span>,
    },
    {
      id: "reasons",
      label: "Why",
      cell: (decision) =>
        decision.reasons.length > 0 ? (
          decision.reasons.map((reason) => reason.text).join(" ")
        ) : (
          <span className="soft">–</span>
        ),
    },
    {
      id: "digest",
      label: "Digest",
      usual: false,
      cell: (decision) => (
        <code title={decision.digest}>{decision.digest.replace(/^sha256:/, "").slice(0, 12) || "–"}</code>
      ),
    },
  ],
  filters: [
    { name: "allowed", label: "Allowed" },
    { name: "environment", label: "Environment" },
  ],
  drawer: (id, row) => <AnswerDrawer id={id} row={row} />,
  refresh: () => 15_000,
  nothing: {
    title: "The gate was not asked yet",
    words:
      "A pipeline asks before it deploys: POST /api/v1/gate with an image, a report or an SBOM. The tab “In your pipeline” has what to paste.",
  },
};
