import { NavLink } from "react-router";
import { useSession } from "../../api/session";
import { useCarry } from "../../url/scope";
import { SidebarIcon } from "../icons";
import { Mark } from "../logo";
import { PAGE_GROUPS } from "./pages";
import classes from "./shell.module.css";

export function Navigation({
  narrow,
  onNarrow,
  onGo,
}: {
  narrow: boolean;
  onNarrow: () => void;
  onGo?: () => void;
}) {
  const { can } = useSession();
  const to = useCarry();
  return (
    <nav aria-label="Main" className={classes.whole}>
      <div className={classes.brand}>
        <Mark />
        {!narrow && <span>Plimsoll</span>}
      </div>
      <div className={classes.nav}>
        {PAGE_GROUPS.map((group) => {
          const pages = group.pages.filter((page) => !page.needs || can(page.needs));
          if (pages.length === 0) return null;
          return (
            <div key={group.label} className={classes.group}>
              {!narrow && pages.length > 1 && <span className={classes.groupLabel}>{group.label}</span>}
              {pages.map((page) => (
                <NavLink
                  key={page.path}
                  to={to(page.path)}
                  onClick={onGo}
                  title={narrow ? page.label : undefined}
                  aria-label={page.label}
                  className={({ isActive }) => `${classes.entry} ${isActive ? classes.here : ""}`}
                >
                  {page.icon}
                  {!narrow && page.label}
                </NavLink>
              ))}
            </div>
          );
        })}
      </div>
      <button type="button" className={classes.narrow} onClick={onNarrow} aria-pressed={narrow}>
        <SidebarIcon />
        <span className={narrow ? "spoken" : undefined}>{narrow ? "Show names" : "Collapse"}</span>
      </button>
    </nav>
  );
}
