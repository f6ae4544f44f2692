import { Progress } from "@mantine/core";
import { useNow } from "./clock";
import { bytesText, shareText, spanText } from "./quantities";
import classes from "./sending.module.css";

/** How far a file is, how fast it goes and how long it may still take: `42 % · 1.2 MiB a second · about 8 s left`. */
export function sendingText(size: number, share: number, seconds: number): string {
  if (share >= 1) return "sent, being taken in";
  const parts = [shareText(share)];
  if (share > 0 && seconds >= 2) {
    const rate = (size * share) / seconds;
    parts.push(`${bytesText(rate)} a second`, `about ${spanText((size * (1 - share)) / rate)} left`);
  }
  return parts.join(" · ");
}

/** How much of a file is on its way to the server. */
export function SendingProgress({
  name,
  size,
  share,
  startedAt,
}: {
  name: string;
  size: number;
  /** 0..1. */
  share: number;
  /** In milliseconds; null before it began. */
  startedAt: number | null;
}) {
  const now = useNow();
  const seconds = startedAt === null ? 0 : (now - startedAt) / 1000;
  return (
    <div className={classes.progress}>
      <Progress value={100 * share} striped={share >= 1} aria-label={`Progress of sending ${name}`} />
      <span className="soft">{sendingText(size, share, seconds)}</span>
    </div>
  );
}
