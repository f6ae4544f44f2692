import { Drawer } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import { belongsElsewhere } from "../explorer/useRowKeys";
import { PastStrip } from "./asOf";
import { DemoStrip } from "./demoStrip";
import { KeyboardHelp } from "./keyboardHelp";
import { Navigation } from "./navigation";
import { Palette } from "./search";
import classes from "./shell.module.css";
import { TopBar } from "./topBar";

const NARROW_KEY = "plimsoll-navigation-narrow";

/** What stands around every page: navigation, top bar, the strip that names a past date, palette and help. */
export function Shell({ children }: { children: ReactNode }) {
  const [narrow, setNarrow] = useState(() => window.localStorage.getItem(NARROW_KEY) === "yes");
  const [menu, setMenu] = useState(false);
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const searchField = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const first = useRef(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page starts at its top, and readers start there
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
    main.current?.scrollTo?.(0, 0);
  }, [pathname]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette(true);
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || belongsElsewhere(event.target)) return;
      if (event.key === "/") {
        event.preventDefault();
        searchField.current?.focus();
      } else if (event.key === "?") setHelp(true);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);

  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <div className={`${classes.side} ${narrow ? classes.sideNarrow : ""}`}>
        <Navigation
          narrow={narrow}
          onNarrow={() => {
            window.localStorage.setItem(NARROW_KEY, narrow ? "no" : "yes");
            setNarrow(!narrow);
          }}
        />
      </div>
      <div className={classes.right}>
        <TopBar onMenu={() => setMenu(true)} onHelp={() => setHelp(true)} searchField={searchField} />
        <DemoStrip />
        <PastStrip />
        <main id="content" className={classes.main} ref={main} tabIndex={-1}>
          {children}
        </main>
      </div>
      <Drawer
        opened={menu}
        onClose={() => setMenu(false)}
        size={260}
        title="Plimsoll"
        closeButtonProps={{ "aria-label": "Close the navigation" }}
      >
        <Navigation narrow={false} onNarrow={() => setMenu(false)} onGo={() => setMenu(false)} />
      </Drawer>
      <KeyboardHelp opened={help} onClose={() => setHelp(false)} />
      <Palette opened={palette} onClose={() => setPalette(false)} />
    </div>
  );
}
