import type { Factor } from "../../api/types";
import { loadText, wordsOf } from "../quantities";

/** How factors make the points: the first is the base in points, the others multiply, as `× 1.25`. */
export function factorText(factor: number, index: number): string {
  return index === 0 ? `${loadText(factor)} points` : `× ${factor.toFixed(2)}`;
}

/** The factors behind a finding's points, one below the other. */
export function FactorList({ factors }: { factors: Factor[] }) {
  return (
    <span style={{ display: "grid", gap: 4 }}>
      {factors.map((factor, index) => (
        <span
          key={`${factor.name} ${factor.detail}`}
          style={{ display: "flex", justifyContent: "space-between", gap: 16 }}
        >
          <span>
            {wordsOf(factor.name)}
            {factor.detail ? `: ${factor.detail}` : ""}
          </span>
          <span>{factorText(factor.factor, index)}</span>
        </span>
      ))}
    </span>
  );
}
