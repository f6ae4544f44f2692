import { Tooltip } from "@mantine/core";
import { useItem } from "../api/hooks";
import type { EnvironmentLedger, Ledger } from "../api/ledger";
import type { Load } from "../api/types";
import classes from "./loadGauge.module.css";
import { loadText, shareText } from "./quantities";

/** Where a load stands on the bar, in percent. The line is always in the middle: 0 to twice the line. */
export function gaugePosition(value: number, line: number): number {
  if (line <= 0) return value > 0 ? 100 : 0;
  return Math.max(0, Math.min(100, (value / (2 * line)) * 100));
}

/** The gauge in words, for readers of the page and for the tooltip. */
export function gaugeText(load: Load): string {
  const line = `line ${loadText(load.line)}`;
  if (load.load === null || !load.measured) return `Load not measured, ${line}`;
  const parts = [`Load ${loadText(load.load)} of a ${line}`, `coverage ${shareText(load.coverage)}`];
  if (load.band !== null && load.band > load.load) parts.push(`could be ${loadText(load.band)}`);
  return parts.join(", ");
}

function TopLines({ path, load }: { path: string | undefined; load: Load }) {
  const ledger = useItem<Ledger | EnvironmentLedger>(path ?? null);
  return (
    <span className={classes.tip}>
      <span>{gaugeText(load)}</span>
      {ledger.data?.lines.slice(0, 3).map((line) => (
        <span
          key={"finding" in line ? `f${line.finding.id}` : `h${line.asset.id}`}
          className={classes.tipLine}
        >
          <span>{"finding" in line ? line.finding.title : line.asset.name}</span>
          <span>{shareText(load.load ? line.share / load.load : 0)}</span>
        </span>
      ))}
    </span>
  );
}

/**
 * The load gauge: filled up to the load, the part past the line in the alarm colour, hatched where missing
 * evidence could bring it. Without a measurement it is hatched from end to end, never empty and never green.
 * `ledger` is the path of the asset's ledger; its top three lines show in the tooltip.
 */
export function LoadGauge({ load, large = false, ledger }: { load: Load; large?: boolean; ledger?: string }) {
  const measured = load.measured && load.load !== null;
  const value = load.load ?? 0;
  const over = measured && value > load.line;
  const reached = gaugePosition(value, load.line);
  const middle = gaugePosition(load.line, load.line);
  const band = measured ? gaugePosition(load.band ?? value, load.line) : 100;
  return (
    <Tooltip
      label={<TopLines path={ledger} load={load} />}
      events={{ hover: true, focus: true, touch: true }}
    >
      <span
        className={`${classes.gauge} ${large ? classes.large : ""}`}
        role="img"
        aria-label={gaugeText(load)}
      >
        <span className={classes.bar}>
          <span className={classes.clip}>
            <span className={`${classes.part} ${classes.band}`} style={{ width: `${band}%` }} />
            {measured && (
              <span
                className={`${classes.part} ${over ? classes.upTo : classes.under}`}
                style={{ width: `${over ? middle : reached}%` }}
              />
            )}
            {over && (
              <span
                className={`${classes.part} ${classes.over}`}
                style={{ left: `${middle}%`, width: `${reached - middle}%` }}
              />
            )}
          </span>
          <svg
            className={classes.mark}
            width={large ? 18 : 14}
            height={large ? 26 : 20}
            viewBox="0 0 14 20"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            aria-hidden="true"
          >
            <circle cx="7" cy="10" r="4" />
            <path d="M7 1v18M1.5 10h11" />
          </svg>
        </span>
        {measured ? (
          <span className={`${classes.figure} ${over ? classes.figureOver : ""}`}>{loadText(value)}</span>
        ) : (
          <span className={`${classes.figure} ${classes.unmeasured}`}>not measured</span>
        )}
      </span>
    </Tooltip>
  );
}

/** The name of an asset with its gauge and what the gauge says, at the head of the asset's page. */
export function LoadHeading({ name, load }: { name: string; load: Load }) {
  return (
    <>
      <h1>{name}</h1>
      <LoadGauge load={load} large />
      <span className="soft">{gaugeText(load)}</span>
    </>
  );
}
