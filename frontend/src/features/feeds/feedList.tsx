import type { Feed } from "../../api/feeds";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Moment } from "../../ui/moment";
import { bytesText, plural, wholeText } from "../../ui/quantities";
import { FeedDrawer } from "./feedDrawer";
import { type Asked, FeedChip, fetchedText, isAwaited, kindText } from "./feedParts";
import classes from "./feeds.module.css";
import type { FeedActions } from "./useFeedActions";

/** A number of what was read, which is none before. */
function readText(feed: Feed, text: string) {
  return feed.last_success_at ? text : <span className="soft">–</span>;
}

/** `actions` is null for who may not change feeds. */
export function feedList(asked: Asked, actions: FeedActions | null): ListDefinition<Feed> {
  return {
    path: "/feeds",
    one: "feed",
    many: "feeds",
    id: (feed) => String(feed.id),
    name: (feed) => feed.name,
    search: true,
    past: false,
    usualOrdering: "name",
    columns: [
      { id: "name", label: "Feed", orderings: ["name", "-name"], width: 130, cell: (feed) => feed.name },
      { id: "state", label: "State", cell: (feed) => <FeedChip feed={feed} asked={asked} /> },
      {
        id: "fetched",
        label: "Fetched",
        cell: (feed) => <span className={feed.is_enabled ? undefined : "soft"}>{fetchedText(feed)}</span>,
      },
      {
        id: "success",
        label: "Last read",
        orderings: ["-last_success_at"],
        cell: (feed) => <Moment at={feed.last_success_at} never="never read" />,
      },
      {
        id: "data",
        label: "Its data is of",
        cell: (feed) => <Moment at={feed.data_at} never="–" />,
      },
      {
        id: "entries",
        label: "Entries",
        numeric: true,
        cell: (feed) => readText(feed, wholeText(feed.entries)),
      },
      {
        id: "changed",
        label: "Changed",
        title: "Entries that the last reading changed",
        numeric: true,
        cell: (feed) => readText(feed, wholeText(feed.changed)),
      },
      {
        id: "size",
        label: "Size",
        numeric: true,
        cell: (feed) => readText(feed, bytesText(feed.size_bytes)),
      },
      {
        id: "failures",
        label: "Failures",
        cell: (feed) =>
          feed.error ? (
            <span className={classes.failed} title={feed.error}>
              {plural(feed.failures, "time", "times")}: {feed.error}
            </span>
          ) : (
            <span className="soft">none</span>
          ),
      },
      { id: "kind", label: "Tells of", cell: (feed) => kindText(feed.kind) },
      {
        id: "skipped",
        label: "Skipped",
        numeric: true,
        usual: false,
        cell: (feed) => wholeText(feed.skipped_total),
      },
      {
        id: "due",
        label: "Next due",
        usual: false,
        cell: (feed) => <Moment at={feed.next_due_at} never="not fetched" />,
      },
      {
        id: "edition",
        label: "Edition",
        usual: false,
        cell: (feed) => feed.edition || <span className="soft">–</span>,
      },
      { id: "address", label: "Address", usual: false, cell: (feed) => <code>{feed.address}</code> },
    ],
    filters: [
      { name: "kind", label: "Kind", words: kindText },
      { name: "enabled", label: "Fetched" },
    ],
    drawer: (id, row) => <FeedDrawer id={id} row={row} asked={asked} actions={actions} />,
    refresh: (rows) => (rows.some((feed) => feed.is_reading || isAwaited(feed, asked)) ? 1500 : 15_000),
    nothing: {
      title: "There is no feed",
      words: "The feeds that this version knows are made when it starts.",
    },
  };
}
