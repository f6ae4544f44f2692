import { useCallback, useMemo, useState } from "react";
import type { Feed } from "../../api/feeds";
import { useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Page } from "../../api/types";
import type { BulkAction } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { plural } from "../../ui/quantities";
import { ChangeFeed } from "./changeFeed";
import { feedList } from "./feedList";
import classes from "./feeds.module.css";
import { LoadFeed } from "./loadFeed";
import { useFeedActions } from "./useFeedActions";

/** Said while no feed was ever read: then nothing is matched, and nobody should take silence for safety. */
function NoneRead({ mayChange }: { mayChange: boolean }) {
  const newest = useItem<Page<Feed>>(
    "/feeds",
    { ordering: "-last_success_at", limit: 1 },
    { refresh: (page) => (page?.results[0]?.last_success_at === null ? 5000 : false) },
  );
  if (newest.data?.results[0]?.last_success_at !== null) return null;
  return (
    <p className={classes.none}>
      No feed has been read yet, so vulnerabilities are known only from the reports of other tools: nothing is
      fetched until{" "}
      {mayChange ? "you turn a feed on or load it" : "an administrator turns a feed on or loads it"} from a
      file.
    </p>
  );
}

async function each(feeds: Feed[], act: (feed: Feed) => Promise<void>): Promise<void> {
  for (const feed of feeds) await act(feed);
}

/** Where advisories, and what is known of their use, come from: how old each is, and whether it is fetched. */
export function FeedsPage() {
  const { can } = useSession();
  const mayChange = can("feeds.change");
  const [dialog, setDialog] = useState<{ of: "change" | "load"; feed: Feed } | null>(null);
  const open = useCallback((of: "change" | "load", feed: Feed) => setDialog({ of, feed }), []);
  const { asked, single, turned, fetched, waitFor } = useFeedActions(open);
  const list = useMemo(() => feedList(asked, mayChange ? single : null), [asked, mayChange, single]);
  const bulk = useMemo<BulkAction<Feed>[]>(
    () => [
      {
        label: "Turn on",
        fits: (feed) => !feed.is_enabled,
        run: async (feeds) => {
          await each(feeds, (feed) => turned(feed, true));
          return `${plural(feeds.length, "feed is", "feeds are")} fetched from now on.`;
        },
      },
      {
        label: "Turn off",
        fits: (feed) => feed.is_enabled,
        run: async (feeds) => {
          await each(feeds, (feed) => turned(feed, false));
          return `${plural(feeds.length, "feed is", "feeds are")} no longer fetched. What they told stays.`;
        },
      },
      {
        label: "Fetch now",
        fits: (feed) => !feed.is_reading,
        run: async (feeds) => {
          await each(feeds, fetched);
          return `${plural(feeds.length, "feed is", "feeds are")} fetched as soon as a worker is free.`;
        },
      },
    ],
    [turned, fetched],
  );
  const close = () => setDialog(null);
  return (
    <PageFrame
      title="Feeds"
      fill
      says="Where advisories, and what is known of their use by attackers, come from, and how old each is."
    >
      <NoneRead mayChange={mayChange} />
      <Explorer definition={list} bulk={mayChange ? bulk : undefined} />
      {dialog?.of === "change" && <ChangeFeed feed={dialog.feed} onClose={close} onAwait={waitFor} />}
      {dialog?.of === "load" && <LoadFeed feed={dialog.feed} onClose={close} />}
    </PageFrame>
  );
}
