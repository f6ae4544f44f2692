import type { ReactNode } from "react";
import classes from "./dialogFoot.module.css";

/** The buttons of a dialog. They stay in sight while a long dialog scrolls. */
export function DialogFoot({ apart = false, children }: { apart?: boolean; children: ReactNode }) {
  return <div className={`${classes.foot} ${apart ? classes.apart : ""}`}>{children}</div>;
}
