import { Button } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import type { Problem } from "../api/problem";
import classes from "./states.module.css";

/** True once `active` has lasted for so many milliseconds. */
export function useLasting(active: boolean, milliseconds: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!active) {
      setLasting(false);
      return;
    }
    const timer = window.setTimeout(() => setLasting(true), milliseconds);
    return () => window.clearTimeout(timer);
  }, [active, milliseconds]);
  return active && lasting;
}

/** Says why there is nothing and what to do next. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={classes.state}>
      <p className={classes.title}>{title}</p>
      {children && <div className="soft">{children}</div>}
      {action}
    </div>
  );
}

/** Says what failed; what was on the page before stays. */
export function ProblemNote({ problem, retry }: { problem: Problem; retry?: () => void }) {
  return (
    <div className={classes.problem} role="alert">
      <div className={classes.problemText}>
        <strong>{problem.title}</strong>
        {problem.detail && problem.detail !== problem.title && <span>{problem.detail}</span>}
        {problem.hint && <span>{problem.hint}</span>}
        {Object.entries(problem.fields).map(([field, message]) => (
          <span key={field}>
            {field}: {message}
          </span>
        ))}
      </div>
      {retry && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

const WIDTHS = ["82%", "64%", "74%", "58%", "78%", "66%", "70%", "60%"];

/** Keeps the place of what loads: nothing for 300 ms, then bones, after 5 s a word on what it waits for. */
export function Loading({ what, rows = 8 }: { what: string; rows?: number }) {
  const shown = useLasting(true, 300);
  const long = useLasting(true, 5000);
  return (
    <div className={classes.skeleton} role="status" aria-busy="true">
      <span className={long ? "soft" : "spoken"}>Waiting for {what} …</span>
      {shown &&
        WIDTHS.slice(0, rows).map((width) => <div key={width} className={classes.bone} style={{ width }} />)}
    </div>
  );
}
