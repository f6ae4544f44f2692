import type { Factor } from "../../api/types";
import { wordsOf } from "../quantities";

/** A factor as it multiplies: `× 1.25`. */
export function factorText(factor: number): string {
  return `× ${factor.toFixed(2)}`;
}

/** The factors behind a finding's points, one below the other. */
export function FactorList({ factors }: { factors: Factor[] }) {
  return (
    <span style={{ display: "grid", gap: 4 }}>
      {factors.map((factor) => (
        <span
          key={`${factor.name} ${factor.detail}`}
          style={{ display: "flex", justifyContent: "space-between", gap: 16 }}
        >
          <span>
            {wordsOf(factor.name)}
            {factor.detail ? `: ${factor.detail}` : ""}
          </span>
          <span>{factorText(factor.factor)}</span>
        </span>
      ))}
    </span>
  );
}
