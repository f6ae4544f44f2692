import type { Requirements } from "../../api/types";
import { frameworkName } from "../frameworks";
import classes from "./panels.module.css";

/** Which requirements a check speaks to. */
export function RequirementChips({ requirements }: { requirements: Requirements }) {
  const chips = Object.entries(requirements).flatMap(([framework, ids]) =>
    ids.map((id) => ({ key: `${framework} ${id}`, text: `${frameworkName(framework)} ${id}` })),
  );
  if (chips.length === 0) return <span className="soft">No mapped requirement.</span>;
  return (
    <ul className={classes.chips}>
      {chips.map((chip) => (
        <li key={chip.key} className={classes.chip} title={chip.key}>
          {chip.text}
        </li>
      ))}
    </ul>
  );
}
