import { Tooltip } from "@mantine/core";
import { Link } from "react-router";
import { useItem } from "../../api/hooks";
import type { Freshness } from "../../api/types";
import { useCarry } from "../../url/scope";
import { useNow } from "../clock";
import { plural, relativeText, spanText } from "../quantities";
import classes from "./shell.module.css";

export function freshnessWords(fresh: Freshness): { tone: "good" | "warn" | "bad" | "none"; text: string } {
  if (fresh.nodes === 0) return { tone: "none", text: "no nodes yet" };
  if (fresh.failing > 0) return { tone: "bad", text: `${plural(fresh.failing, "node", "nodes")} failing` };
  if (fresh.stale > 0) return { tone: "warn", text: `${plural(fresh.stale, "node", "nodes")} stale` };
  if (fresh.waiting > 0) {
    return { tone: "none", text: `${plural(fresh.waiting, "node", "nodes")} waiting for a first pull` };
  }
  return { tone: "good", text: `fresh: ${fresh.fresh} of ${plural(fresh.nodes, "node", "nodes")}` };
}

const TONES = {
  good: classes.lampGood,
  warn: classes.lampWarn,
  bad: classes.lampBad,
  none: classes.lampNone,
};

/** Whether what the pages show is up to date: stale and failing nodes, and how far behind the queue is. */
export function FreshnessLamp() {
  const to = useCarry();
  const now = useNow();
  const fresh = useItem<Freshness>("/freshness", {}, { refresh: () => 15_000 });
  if (!fresh.data) {
    return (
      <span className={`${classes.control} ${classes.lamp}`}>
        <span className={`${classes.dot} ${classes.lampNone}`} />
        <span className={classes.lampText}>
          {fresh.error ? (fresh.error.status === 0 ? "server not reached" : "freshness unknown") : "…"}
        </span>
      </span>
    );
  }
  const { tone, text } = freshnessWords(fresh.data);
  const details = [
    `${fresh.data.fresh} fresh, ${fresh.data.stale} stale, ${fresh.data.waiting} never pulled, ` +
      `${fresh.data.failing} failing, ${fresh.data.paused} paused`,
    fresh.data.queue_lag_seconds !== null
      ? `queue behind by ${spanText(fresh.data.queue_lag_seconds)}`
      : null,
    fresh.data.oldest_success_at
      ? `oldest successful pull ${relativeText(fresh.data.oldest_success_at, now)}`
      : null,
  ].filter(Boolean);
  return (
    <Tooltip label={details.join(" · ")}>
      <Link
        className={`${classes.control} ${classes.lamp}`}
        to={to("/nodes", tone === "bad" ? { state: "failing" } : {})}
        aria-label={`Data ${text}`}
      >
        <span className={`${classes.dot} ${TONES[tone]}`} />
        <span className={classes.lampText}>{text}</span>
      </Link>
    </Tooltip>
  );
}
