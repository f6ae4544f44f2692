import { wordsOf } from "./quantities";

const SAYS: Record<string, string> = {
  fixed: "fixed",
  affected: "no fix yet",
  will_not_fix: "will not be fixed",
  fix_deferred: "fix put off",
  end_of_life: "out of support",
  under_investigation: "under investigation",
  not_affected: "not affected",
  unknown: "not known",
};

/** What is said of a fix, in words. */
export function fixWord(fix: string): string {
  return SAYS[fix] ?? wordsOf(fix);
}

const SHOWN = 3;

/** The versions that mend it, else what is said of a fix. */
export function FixText({ fix, versions }: { fix: string | null; versions: string[] }) {
  if (!fix) return <span className="soft">–</span>;
  if (versions.length === 0) return <span className="soft">{fixWord(fix)}</span>;
  const more = versions.length - SHOWN;
  return (
    <span title={versions.join(", ")}>
      {versions.slice(0, SHOWN).join(", ")}
      {more > 0 && <span className="soft"> and {more} more</span>}
    </span>
  );
}
