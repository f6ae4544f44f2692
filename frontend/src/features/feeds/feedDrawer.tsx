import { Button, Group, Stack } from "@mantine/core";
import type { Feed, FeedDetail } from "../../api/feeds";
import { useItem } from "../../api/hooks";
import { Moment } from "../../ui/moment";
import { Facts } from "../../ui/page";
import { SkippedPanel } from "../../ui/panels/skipped";
import { bytesText, plural, wholeText } from "../../ui/quantities";
import { Loading, ProblemNote } from "../../ui/states";
import { type Asked, FeedChip, fetchedText, isAwaited, kindText } from "./feedParts";
import classes from "./feeds.module.css";
import type { FeedActions } from "./useFeedActions";

/** One feed: how old what it tells is, what of it could not be read, and what can be done about it. */
export function FeedDrawer({
  id,
  row,
  asked,
  actions,
}: {
  id: string;
  row: Feed | undefined;
  asked: Asked;
  actions: FeedActions | null;
}) {
  const item = useItem<FeedDetail>(
    `/feeds/${id}`,
    {},
    { refresh: (feed) => (feed && (feed.is_reading || isAwaited(feed, asked)) ? 1500 : 15_000) },
  );
  const feed: Feed | undefined = item.data ?? row;
  if (!feed) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the feed" />;
  const busy = feed.is_reading || isAwaited(feed, asked);
  return (
    <Stack gap="md">
      <div className={classes.heading}>
        <h1>{feed.name}</h1>
        <span aria-live="polite">
          <FeedChip feed={feed} asked={asked} />
        </span>
      </div>
      {feed.error && (
        <div className={classes.error}>
          <strong>
            {feed.failures === 1 ? "The last attempt failed" : `The last ${feed.failures} attempts failed`}
          </strong>
          <span>{feed.error}</span>
          {feed.last_success_at && <span className="soft">What was read before still holds.</span>}
        </div>
      )}
      {actions && (
        <Group gap="xs">
          {feed.is_enabled ? (
            <Button variant="default" onClick={() => void actions.turn(feed, false)}>
              Turn off
            </Button>
          ) : (
            <Button onClick={() => void actions.turn(feed, true)}>Turn on</Button>
          )}
          <Button variant="default" disabled={busy} onClick={() => void actions.fetch(feed)}>
            Fetch now
          </Button>
          <Button variant="default" onClick={() => actions.load(feed)}>
            Load from a file
          </Button>
          <Button variant="default" onClick={() => actions.change(feed)}>
            Change
          </Button>
        </Group>
      )}
      <Facts
        facts={[
          ["Tells of", kindText(feed.kind)],
          ["Fetched", fetchedText(feed)],
          ["Last read", <Moment key="success" at={feed.last_success_at} never="never read" />],
          ["Last attempt", <Moment key="attempt" at={feed.last_attempt_at} />],
          ["Next due", <Moment key="due" at={feed.next_due_at} never="not fetched" />],
          ["Its data is of", <Moment key="data" at={feed.data_at} never="not told" />],
          ["Edition", feed.edition],
          ["Entries", wholeText(feed.entries)],
          ["Changed by the last reading", plural(feed.changed, "entry", "entries")],
          ["Size", bytesText(feed.size_bytes)],
        ]}
      />
      <Facts wide facts={[["Address", <code key="address">{feed.address}</code>]]} />
      {item.data && <SkippedPanel items={item.data.skipped} total={item.data.skipped_total} />}
    </Stack>
  );
}
