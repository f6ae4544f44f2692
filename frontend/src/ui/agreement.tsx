import { Chip } from "./chips";

type Agreement = "agreed" | "disputed" | "single_source";

const SAYS: Record<Agreement, { tone: "good" | "warn" | "plain"; word: string; why: string }> = {
  agreed: { tone: "good", word: "agreed", why: "At least two tools report it and none of them differs" },
  disputed: {
    tone: "warn",
    word: "disputed",
    why: "A tool that looked here does not report it, or severities lie two steps or more apart",
  },
  single_source: { tone: "plain", word: "one source", why: "Only one tool looked for it here" },
};

/** Whether the tools that looked for a finding say the same. */
export function AgreementChip({ agreement }: { agreement: Agreement | null }) {
  if (!agreement) return <span className="soft">–</span>;
  const { tone, word, why } = SAYS[agreement];
  return (
    <span title={why}>
      <Chip tone={tone}>{word}</Chip>
    </span>
  );
}
