import type { FindingState } from "../../api/types";
import { Chip } from "../chips";
import { wordsOf } from "../quantities";
import { isDecided } from "./words";

/** The state of a finding by glyph and word: on the worklist, decided, or resolved. */
export function FindingStateChip({ state }: { state: FindingState }) {
  const tone =
    state === "resolved"
      ? "good"
      : isDecided(state)
        ? "decided"
        : state === "open" || state === "reopened"
          ? "bad"
          : "warn";
  return <Chip tone={tone}>{wordsOf(state)}</Chip>;
}
