import type { Feed } from "../../api/feeds";
import { Chip } from "../../ui/chips";
import { spanText } from "../../ui/quantities";

/** Feeds that somebody here just asked to be fetched, by id, with the attempt that was the last one then. */
export type Asked = ReadonlyMap<number, string | null>;

export function isAwaited(feed: Feed, asked: Asked): boolean {
  return asked.has(feed.id) && asked.get(feed.id) === feed.last_attempt_at;
}

const KINDS: Record<Feed["kind"], string> = {
  osv: "advisories",
  kev: "known exploited",
  epss: "likelihood of exploitation",
};

export function kindText(kind: string): string {
  return KINDS[kind as Feed["kind"]] ?? kind;
}

/** How a feed stands: what happens to it now comes before what happened last. */
export function FeedChip({ feed, asked }: { feed: Feed; asked: Asked }) {
  if (feed.is_reading) return <Chip tone="plain">reading</Chip>;
  if (isAwaited(feed, asked)) return <Chip tone="unknown">asked for</Chip>;
  if (feed.failures > 0) return <Chip tone="bad">failing</Chip>;
  if (feed.last_success_at) return <Chip tone="good">read</Chip>;
  return <Chip tone="unknown">never read</Chip>;
}

export function fetchedText(feed: Feed): string {
  return feed.is_enabled ? `every ${spanText(feed.interval_seconds)}` : "off";
}
