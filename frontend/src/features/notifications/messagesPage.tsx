import { Button, Group, Stack } from "@mantine/core";
import { useChange, useItem } from "../../api/hooks";
import type { Message, MessageDetail, MessageState } from "../../api/notifications";
import { useSession } from "../../api/session";
import { Chip } from "../../ui/chips";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Facts, PageFrame } from "../../ui/page";
import { Loading, ProblemNote } from "../../ui/states";
import classes from "./notifications.module.css";

const TONES = { waiting: "unknown", sent: "good", failed: "bad", shown: "plain" } as const;
const STATES: Record<MessageState, string> = {
  waiting: "waiting",
  sent: "sent",
  failed: "failed",
  shown: "shown here only",
};
const ABOUT: Record<Message["cause"], string> = {
  reminder: "findings that are due",
  suspension: "suspended decisions",
  digest: "digest",
  test: "test",
};

function StateChip({ message }: { message: Message }) {
  return <Chip tone={TONES[message.state]}>{STATES[message.state]}</Chip>;
}

const LIST: ListDefinition<Message> = {
  path: "/messages",
  one: "message",
  many: "messages",
  id: (message) => String(message.id),
  name: (message) => message.subject,
  search: true,
  past: false,
  usualOrdering: "-created_at",
  columns: [
    { id: "subject", label: "Message", width: 220, cell: (message) => message.subject },
    { id: "state", label: "State", cell: (message) => <StateChip message={message} /> },
    { id: "about", label: "About", cell: (message) => ABOUT[message.cause] },
    {
      id: "to",
      label: "To",
      cell: (message) => (message.is_to_webhook ? `webhook ${message.to}` : message.to),
    },
    {
      id: "created",
      label: "Written",
      orderings: ["-created_at", "created_at"],
      cell: (message) => <Moment at={message.created_at} />,
    },
    {
      id: "sent",
      label: "Sent",
      cell: (message) => (
        <Moment at={message.sent_at} never={message.state === "waiting" ? "not yet" : "–"} />
      ),
    },
    { id: "error", label: "Error", cell: (message) => message.error || <span className="soft">–</span> },
    { id: "attempts", label: "Attempts", numeric: true, usual: false, cell: (message) => message.attempts },
  ],
  filters: [
    { name: "state", label: "State" },
    { name: "cause", label: "About" },
  ],
  drawer: (id, row) => <MessageDrawer id={id} row={row} />,
  refresh: (rows) => (rows.some((message) => message.state === "waiting") ? 5_000 : 30_000),
  nothing: {
    title: "Nothing was told yet",
    words:
      "Reminders, suspended decisions and digests stand here once they are written, for 30 days, and whether they were sent.",
  },
};

/** What was told, to whom, and whether it arrived. */
export function MessagesPage() {
  return (
    <PageFrame
      title="Messages"
      fill
      says="What was told by itself in the last 30 days, and whether it could be sent."
    >
      <Explorer definition={LIST} />
    </PageFrame>
  );
}

function MessageDrawer({ id, row }: { id: string; row: Message | undefined }) {
  const { can } = useSession();
  const notices = useNotices();
  const change = useChange<Message>(["/notifications", "/webhooks"]);
  const item = useItem<MessageDetail>(
    `/messages/${id}`,
    {},
    { refresh: (message) => (message?.state === "waiting" ? 5_000 : false) },
  );
  const message: Message | undefined = item.data ?? row;
  if (!message) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the message" />;
  const retry = async () => {
    try {
      await change.mutateAsync({ method: "POST", path: `/messages/${id}/retry` });
      notices.done("It is sent now.");
    } catch (error) {
      notices.failed("It was not sent", error);
    }
  };
  return (
    <Stack gap="md">
      <div className={classes.heading}>
        <h1>{message.subject}</h1>
        <span aria-live="polite">
          <StateChip message={message} />
        </span>
      </div>
      {message.error && (
        <p className={message.state === "failed" ? classes.error : classes.note}>{message.error}</p>
      )}
      {(message.state === "failed" || (message.state === "waiting" && message.attempts > 0)) &&
        can("notifications.change") && (
          <Group>
            <Button variant="default" loading={change.isPending} onClick={retry}>
              Send now
            </Button>
          </Group>
        )}
      <Facts
        facts={[
          ["About", ABOUT[message.cause]],
          ["To", message.is_to_webhook ? `webhook ${message.to}` : message.to],
          ["Written", <Moment key="written" at={message.created_at} />],
          [
            "Sent",
            <Moment key="sent" at={message.sent_at} never={message.state === "waiting" ? "not yet" : "–"} />,
          ],
          ["Attempts", message.attempts],
          ["Tried next", <Moment key="next" at={message.next_at} never="–" />],
        ]}
      />
      {item.data ? (
        <pre className={classes.text}>{item.data.text}</pre>
      ) : (
        <Loading what="its text" rows={4} />
      )}
    </Stack>
  );
}
