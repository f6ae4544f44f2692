import type { ReactNode } from "react";
import { Link } from "react-router";
import classes from "./tiles.module.css";

export interface TileFacts {
  label: string;
  value: ReactNode;
  detail?: ReactNode;
  /** The value is not a number but a name, a version or a date. */
  words?: boolean;
  /** Where the rows behind the number are. */
  to?: string;
}

/** Numbers side by side, each leading to the rows behind it. */
export function Tiles({ tiles, label }: { tiles: TileFacts[]; label: string }) {
  return (
    <ul className={classes.tiles} aria-label={label}>
      {tiles.map((tile) => {
        const inside = (
          <>
            <span className={classes.label}>{tile.label}</span>
            <span className={`${classes.value} ${tile.words ? classes.words : ""}`}>{tile.value}</span>
            {tile.detail && <span className={classes.detail}>{tile.detail}</span>}
          </>
        );
        return (
          <li key={tile.label}>
            {tile.to ? (
              <Link className={classes.tile} to={tile.to}>
                {inside}
              </Link>
            ) : (
              <div className={classes.tile}>{inside}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
