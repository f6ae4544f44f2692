import { useMemo, useState } from "react";
import type { Feed } from "../../api/feeds";
import { useChange } from "../../api/hooks";
import { useNotices } from "../../ui/notices";
import type { Asked } from "./feedParts";

export interface FeedActions {
  turn: (feed: Feed, on: boolean) => Promise<void>;
  fetch: (feed: Feed) => Promise<void>;
  change: (feed: Feed) => void;
  load: (feed: Feed) => void;
}

/** What is done to feeds, and which of them are awaited because of it. */
export function useFeedActions(open: (dialog: "change" | "load", feed: Feed) => void) {
  const notices = useNotices();
  const [asked, setAsked] = useState<Asked>(new Map());
  const { mutateAsync } = useChange<Feed>();
  const actions = useMemo(() => {
    const waitFor = (feed: Feed) => setAsked((all) => new Map(all).set(feed.id, feed.last_attempt_at));
    /** Raises what went wrong, for those who do several at once. */
    const turned = async (feed: Feed, on: boolean) => {
      await mutateAsync({ method: "PATCH", path: `/feeds/${feed.id}`, body: { is_enabled: on } });
      if (on) waitFor(feed);
    };
    const fetched = async (feed: Feed) => {
      await mutateAsync({ method: "POST", path: `/feeds/${feed.id}/fetch` });
      waitFor(feed);
    };
    const single: FeedActions = {
      turn: async (feed, on) => {
        try {
          await turned(feed, on);
          notices.done(
            on
              ? `${feed.name} is fetched now and then again and again.`
              : `${feed.name} is no longer fetched. What it told stays.`,
          );
        } catch (error) {
          notices.failed(`${feed.name} was not turned ${on ? "on" : "off"}`, error);
        }
      },
      fetch: async (feed) => {
        try {
          await fetched(feed);
          notices.done(`${feed.name} is fetched as soon as a worker is free.`);
        } catch (error) {
          notices.failed(`${feed.name} is not fetched`, error);
        }
      },
      change: (feed) => open("change", feed),
      load: (feed) => open("load", feed),
    };
    return { turned, fetched, single, waitFor };
  }, [mutateAsync, notices, open]);
  return { asked, ...actions };
}
