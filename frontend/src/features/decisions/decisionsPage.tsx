import { Button } from "@mantine/core";
import type { Decision, DecisionState } from "../../api/decisions";
import { useList } from "../../api/hooks";
import { Chip } from "../../ui/chips";
import { outcomeWord, scopeWords } from "../../ui/decisions/words";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { Moment } from "../../ui/moment";
import { PageFrame } from "../../ui/page";
import { countText, wordsOf } from "../../ui/quantities";
import { Tiles } from "../../ui/tiles";
import { useCarry, useScope } from "../../url/scope";
import { DecisionDrawer } from "./decisionDrawer";

const TONES: Record<DecisionState, "decided" | "warn" | "bad" | "plain"> = {
  active: "decided",
  awaiting_approval: "warn",
  suspended: "bad",
  expired: "plain",
  withdrawn: "plain",
  rejected: "plain",
};

export function DecisionStateChip({ state }: { state: DecisionState }) {
  return <Chip tone={TONES[state]}>{wordsOf(state)}</Chip>;
}

const LAYERS = { rule: "a rule", statement: "a VEX document", person: "a person" } as const;

const DECISION_LIST: ListDefinition<Decision> = {
  path: "/decisions",
  one: "decision",
  many: "decisions",
  id: (decision) => String(decision.id),
  name: (decision) => `${outcomeWord(decision.outcome)}: ${decision.problem}`,
  search: true,
  past: true,
  usualOrdering: "-created_at",
  usualFilters: { state: ["active", "awaiting_approval", "suspended"] },
  columns: [
    { id: "problem", label: "About", width: 200, cell: (decision) => decision.problem },
    { id: "outcome", label: "Decided", cell: (decision) => outcomeWord(decision.outcome) },
    { id: "state", label: "State", cell: (decision) => <DecisionStateChip state={decision.state} /> },
    {
      id: "hides",
      label: "Hides",
      numeric: true,
      cell: (decision) => (decision.is_stale ? <Chip tone="warn">nothing</Chip> : countText(decision.hides)),
    },
    {
      id: "scope",
      label: "Where",
      width: 180,
      cell: (decision) => scopeWords(decision).join(" · ") || <span className="soft">everywhere</span>,
    },
    { id: "reason", label: "Reason", cell: (decision) => decision.reason_label },
    {
      id: "until",
      label: "Until",
      orderings: ["expires_at"],
      cell: (decision) => <Moment at={decision.expires_at} never="no date" />,
    },
    { id: "by", label: "By", cell: (decision) => decision.created_by ?? LAYERS[decision.layer] },
    {
      id: "created",
      label: "Made",
      orderings: ["-created_at"],
      usual: false,
      cell: (decision) => <Moment at={decision.created_at} />,
    },
    { id: "approved", label: "Agreed by", usual: false, cell: (decision) => decision.approved_by ?? "–" },
    { id: "layer", label: "Said by", usual: false, cell: (decision) => LAYERS[decision.layer] },
  ],
  filters: [
    { name: "state", label: "State" },
    { name: "outcome", label: "Outcome" },
    { name: "layer", label: "Said by" },
    { name: "expiring", label: "Ends within two weeks", single: true },
    { name: "stale", label: "Hides nothing", single: true },
    { name: "environment", label: "Environment" },
    { name: "vulnerability", label: "Vulnerability" },
    { name: "finding", label: "Finding" },
  ],
  drawer: (id, row) => <DecisionDrawer id={id} row={row} />,
  nothing: {
    title: "Nothing is decided",
    words: "A finding that does not matter, or is accepted for a time, is decided in its drawer.",
    action: (
      <Button variant="default" component="a" href="/findings">
        Findings
      </Button>
    ),
  },
};

/** How many decisions match; a dash while it is not known. */
function useHowMany(query: Record<string, string>): string {
  const { asOf } = useScope();
  const list = useList<Decision>("/decisions", { ...query, limit: 1, as_of: asOf });
  const count = list.data?.pages[0]?.count;
  return count ? countText(count) : "–";
}

/** Decisions: what they hide now, what ends them, and which need to be looked at. */
export function DecisionsPage() {
  const to = useCarry();
  const waiting = useHowMany({ state: "awaiting_approval" });
  const suspended = useHowMany({ state: "suspended" });
  const expiring = useHowMany({ expiring: "true" });
  const stale = useHowMany({ stale: "true" });
  return (
    <PageFrame
      title="Decisions"
      fill
      says="Words of people, rules and VEX documents about findings: what each hides, and what ends it."
    >
      <Tiles
        label="Decisions to look at"
        tiles={[
          {
            label: "Wait for a second person",
            value: waiting,
            to: to("/decisions", { state: "awaiting_approval" }),
          },
          {
            label: "Suspended by a tripwire",
            value: suspended,
            to: to("/decisions", { state: "suspended" }),
          },
          { label: "End within two weeks", value: expiring, to: to("/decisions", { expiring: "true" }) },
          { label: "Hide nothing", value: stale, to: to("/decisions", { stale: "true" }) },
        ]}
      />
      <Explorer definition={DECISION_LIST} />
    </PageFrame>
  );
}
