import { useItem } from "../../api/hooks";
import type { Meta } from "../../api/types";
import classes from "./shell.module.css";

/** Says on every page that what is shown is made up, while a demo fleet is here. */
export function DemoStrip() {
  const meta = useItem<Meta>("/meta");
  if (!meta.data?.demo) return null;
  return (
    <div className={classes.demo} role="note">
      <strong>Demo data.</strong> A made-up fleet is among what you see. <code>manage.py demo --remove</code>{" "}
      takes it away.
    </div>
  );
}
