import { Button, CloseButton } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "react-router";
import classes from "./explorer.module.css";

/** The panel at the right with one row's details. The list stays usable beside it. */
export function Drawer({
  label,
  page,
  onClose,
  onStep,
  children,
}: {
  label: string;
  page: string | null;
  onClose: () => void;
  onStep: ((by: 1 | -1) => void) | null;
  children: ReactNode;
}) {
  const panel = useRef<HTMLElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    before.current = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    };
  }, []);
  return (
    <section className={classes.drawer} aria-label={label} ref={panel} tabIndex={-1}>
      <div className={classes.drawerHead}>
        <span className="soft">
          {label} · Esc closes{onStep ? " · j k walk" : ""}
        </span>
        <span className={classes.tools}>
          {onStep && (
            <>
              <Button variant="default" aria-label="Previous row" onClick={() => onStep(-1)}>
                ↑
              </Button>
              <Button variant="default" aria-label="Next row" onClick={() => onStep(1)}>
                ↓
              </Button>
            </>
          )}
          {page && (
            <Button variant="default" component={Link} to={page}>
              Open page
            </Button>
          )}
          <CloseButton aria-label="Close the panel" onClick={onClose} />
        </span>
      </div>
      <div className={classes.drawerBody}>{children}</div>
    </section>
  );
}
