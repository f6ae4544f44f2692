import { Progress } from "@mantine/core";
import type { ProblemSummary, Pull, PullDetail, PullStep } from "../../api/types";
import { useNow } from "../../ui/clock";
import { absoluteText, durationText, spanText, wholeText, wordsOf } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import classes from "./pulls.module.css";

const WORDS: Record<PullStep["state"], string> = {
  waiting: "waiting",
  running: "running",
  done: "done",
  failed: "failed",
};

const GLYPHS: Record<PullStep["state"], React.ReactNode> = {
  waiting: <circle cx="8" cy="8" r="5" strokeDasharray="2.5 2.5" />,
  running: (
    <>
      <circle cx="8" cy="8" r="5" />
      <circle cx="8" cy="8" r="2" fill="currentColor" />
    </>
  ),
  done: <path d="m3 8.5 3.5 3.5L13 4.5" />,
  failed: <path d="m4 4 8 8M12 4l-8 8" />,
};

function tookText(step: PullStep): string {
  if (!step.started_at || !step.finished_at) return WORDS[step.state];
  const seconds = (new Date(step.finished_at).getTime() - new Date(step.started_at).getTime()) / 1000;
  return `${WORDS[step.state]} in ${durationText(Math.max(0, seconds))}`;
}

export function PullSteps({ pull }: { pull: Pull }) {
  return (
    <ol className={classes.steps}>
      {pull.steps.map((step) => (
        <li
          key={step.name}
          className={`${classes.step} ${classes[step.state] ?? ""}`}
          aria-current={step.state === "running" ? "step" : undefined}
        >
          <svg
            width="16"
            height="16"
            viewBox="0 0 16 16"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
            aria-hidden="true"
          >
            {GLYPHS[step.state]}
          </svg>
          <span className={classes.stepTitle}>{step.title || wordsOf(step.name)}</span>
          <span className="soft">{tookText(step)}</span>
        </li>
      ))}
    </ol>
  );
}

/** How far a running step is, how fast it goes and how long it may still take. */
export function progressText(
  progress: { phase: string; done: number; total: number | null },
  seconds: number,
): string {
  const { done, total } = progress;
  const parts = [
    `${wordsOf(progress.phase)}: ${wholeText(done)}${total === null ? "" : ` of ${wholeText(total)}`}`,
  ];
  if (done > 0 && seconds >= 2) {
    const rate = done / seconds;
    parts.push(`${rate >= 10 ? wholeText(rate) : rate.toFixed(1)} a second`);
    if (total !== null && total > done) parts.push(`about ${spanText((total - done) / rate)} left`);
  }
  return parts.join(" · ");
}

export function PullProgress({ pull }: { pull: Pull }) {
  const now = useNow();
  if (pull.state === "queued") return <p className="soft">Waiting for a free worker.</p>;
  if (pull.state !== "running" || !pull.progress) return null;
  const running = pull.steps.find((step) => step.state === "running");
  const since = running?.started_at ?? pull.started_at;
  const seconds = since ? (now - new Date(since).getTime()) / 1000 : 0;
  const { done, total } = pull.progress;
  return (
    <div className={classes.progress}>
      <Progress
        value={total ? (100 * done) / total : 100}
        striped={!total}
        aria-label={`Progress of ${wordsOf(pull.progress.phase)}`}
      />
      <span className="soft">{progressText(pull.progress, seconds)}</span>
    </div>
  );
}

export function PullError({ error }: { error: ProblemSummary }) {
  return (
    <div className={classes.error} role="alert">
      <strong>{error.title}</strong>
      {error.detail && <span>{error.detail}</span>}
      {error.hint && <span>{error.hint}</span>}
    </div>
  );
}

export function PullLog({ log }: { log: PullDetail["log"] }) {
  if (log.length === 0) return <p className="soft">Nothing was written yet.</p>;
  return (
    <ScrollFrame className={classes.log} label="Log of the pull">
      {log.map((line, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end
          key={index}
          className={classes.line}
        >
          <time dateTime={line.at} title={absoluteText(line.at)}>
            {line.at.slice(11, 19)}
          </time>
          <span
            className={line.level === "error" ? classes.bad : line.level === "warning" ? classes.warn : ""}
          >
            {line.level}
          </span>
          <span>{line.message}</span>
        </div>
      ))}
    </ScrollFrame>
  );
}
