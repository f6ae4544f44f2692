import type { DefenceCell, DefenceCells, DefenceState, StateCounts } from "../../api/defences";
import { absoluteText, wholeText, wordsOf } from "../quantities";
import classes from "./defences.module.css";

/** From best to worst, then what says neither. Bars, legends and menus keep this order. */
export const DEFENCE_STATES: readonly DefenceState[] = [
  "enforcing",
  "permissive",
  "absent",
  "not_measured",
  "not_applicable",
];

const SHAPES: Record<DefenceState, React.ReactNode> = {
  enforcing: <path d="m2 6.250 2.750 2.750L10 3.250" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  permissive: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 1.750a4.25 4.25 0 0 0 0 8.500z" fill="currentColor" />
    </>
  ),
  absent: (
    <path d="m2.750 2.750 6.500 6.500M9.250 2.750l-6.500 6.500" stroke="currentColor" strokeWidth="1.8" />
  ),
  not_measured: (
    <circle
      cx="6"
      cy="6"
      r="4.25"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeDasharray="2.2 2"
    />
  ),
  not_applicable: <path d="M3.500 6h5" stroke="currentColor" strokeWidth="1.5" />,
};

/** `Not measured`, as a heading. */
export function stateTitle(state: DefenceState): string {
  const words = wordsOf(state);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Shape({ state }: { state: DefenceState }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[state]}
    </svg>
  );
}

/** One cell: a glyph on the state's colour, and the state as a word for what reads the page out. */
export function StateGlyph({ state }: { state: DefenceState | null }) {
  if (state === null) {
    return (
      <span className={`${classes.cell} soft`}>
        <span aria-hidden="true">·</span>
        <span className="spoken">not assessed</span>
      </span>
    );
  }
  return (
    <span className={`${classes.cell} ${classes[state]}`}>
      <Shape state={state} />
      <span className="spoken">{wordsOf(state)}</span>
    </span>
  );
}

/** The same with its word beside it. */
export function StateChip({ state }: { state: DefenceState }) {
  return (
    <span className={`${classes.chip} ${classes[state]}`}>
      <Shape state={state} />
      {wordsOf(state)}
    </span>
  );
}

export function cellOf(defences: DefenceCells, mechanism: string): DefenceCell | null {
  return defences[mechanism] ?? null;
}

/** `Seccomp: enforcing since 3 March 2026, 09:00 UTC`. */
export function cellText(title: string, cell: DefenceCell | null): string {
  return cell
    ? `${title}: ${wordsOf(cell.state)} since ${absoluteText(cell.since)}`
    : `${title}: not assessed yet`;
}

/** `8 enforcing, 3 absent`; states that nothing is in are left out. */
export function countsText(counts: StateCounts): string {
  const present = DEFENCE_STATES.filter((state) => counts[state] > 0);
  if (present.length === 0) return "none assessed";
  return present.map((state) => `${wholeText(counts[state])} ${wordsOf(state)}`).join(", ");
}

/** The share in each state, as parts of one bar, with the numbers on hover and for what reads the page out. */
export function StateBar({ counts, upright = false }: { counts: StateCounts; upright?: boolean }) {
  const text = countsText(counts);
  const present = DEFENCE_STATES.filter((state) => counts[state] > 0);
  return (
    <span className={upright ? classes.uprightBar : classes.bar} title={text}>
      <span className="spoken">{text}</span>
      {present.map((state) => (
        <span
          key={state}
          className={`${classes.part} ${classes[`part_${state}`]}`}
          style={{ flexGrow: counts[state] }}
        />
      ))}
    </span>
  );
}

/** What the glyphs mean, in one line. */
export function StateLegend() {
  return (
    <ul className={classes.legend} aria-label="What the signs mean">
      {DEFENCE_STATES.map((state) => (
        <li key={state}>
          <span className={`${classes.cell} ${classes[state]}`}>
            <Shape state={state} />
          </span>
          {wordsOf(state)}
        </li>
      ))}
    </ul>
  );
}
