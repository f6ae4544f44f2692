import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
import { useCarry } from "../url/scope";
import classes from "./page.module.css";

/** A page: title, one sentence on what it shows, the main actions, then the content. */
export function PageFrame({
  title,
  heading,
  says,
  crumbs,
  actions,
  fill = false,
  children,
}: {
  title: string;
  /** What stands in the place of the plain title, such as a name with its gauge. */
  heading?: ReactNode;
  says?: ReactNode;
  crumbs?: { label: string; path: string }[];
  actions?: ReactNode;
  /** Whether the content takes the rest of the screen and scrolls inside. */
  fill?: boolean;
  children: ReactNode;
}) {
  const to = useCarry();
  useEffect(() => {
    document.title = `${title} · Plimsoll`;
  }, [title]);
  return (
    <div className={`${classes.page} ${fill ? classes.fill : ""}`}>
      <div className={classes.head}>
        <div className={classes.words}>
          {crumbs && (
            <nav className={classes.crumbs} aria-label="Where this page is">
              {crumbs.map((crumb) => (
                <span key={crumb.path}>
                  <Link to={to(crumb.path)}>{crumb.label}</Link> <span className="soft">/</span>{" "}
                </span>
              ))}
            </nav>
          )}
          {heading ?? <h1>{title}</h1>}
          {says && <p className="soft">{says}</p>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}

export function Panel({
  title,
  aside,
  children,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.panel}>
      {(title || aside) && (
        <div className={classes.panelHead}>
          {title && <h2>{title}</h2>}
          {aside && <span className="soft">{aside}</span>}
        </div>
      )}
      {children}
    </section>
  );
}

export type Fact = [name: string, value: ReactNode];

/** Names and values side by side, or with `wide` one below the other for long values. An absent value is said, not left blank. */
export function Facts({ facts, wide = false }: { facts: Fact[]; wide?: boolean }) {
  return (
    <dl className={`${classes.facts} ${wide ? classes.wide : ""}`}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value === null || value === undefined || value === "" ? <span className="soft">–</span> : value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export { classes as pageClasses };
