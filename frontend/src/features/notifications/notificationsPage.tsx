import { Button, Stack } from "@mantine/core";
import { Link } from "react-router";
import { useChange, useItem } from "../../api/hooks";
import type { Message, Notifications } from "../../api/notifications";
import { useSession } from "../../api/session";
import { useNotices } from "../../ui/notices";
import { Facts, PageFrame, Panel } from "../../ui/page";
import { plural } from "../../ui/quantities";
import { Loading, ProblemNote } from "../../ui/states";
import { useCarry } from "../../url/scope";
import { Digests } from "./digests";
import { RemindersPanel } from "./reminders";
import { Webhooks } from "./webhooks";

/** What is told by itself, to whom and when. Nothing is, until somebody turns it on here. */
export function NotificationsPage() {
  const { can } = useSession();
  return (
    <PageFrame
      title="Notifications"
      says="What is told by itself: reminders of findings that are due, decisions that were suspended, and digests of Today."
    >
      <Ways />
      <Digests />
      <RemindersPanel />
      {can("notifications.change") && <Webhooks />}
    </PageFrame>
  );
}

/** How messages go out, and whether they arrive. */
function Ways() {
  const to = useCarry();
  const { can } = useSession();
  const notices = useNotices();
  const item = useItem<Notifications>("/notifications");
  const change = useChange<Message>(["/notifications"]);
  const test = async () => {
    try {
      await change.mutateAsync({ method: "POST", path: "/messages/test" });
      notices.done("A message to you is on its way.");
    } catch (error) {
      notices.failed("No message was sent", error);
    }
  };
  const told = item.data;
  const server = told?.mail_server;
  return (
    <Panel
      title="E-mail"
      aside={
        server && (
          <Button variant="default" loading={change.isPending} onClick={test}>
            Send me a test
          </Button>
        )
      }
    >
      <Stack gap="sm">
        {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
        {item.isPending && <Loading what="how messages go out" rows={2} />}
        {told && !server && (
          <p>
            There is no mail server, so messages to people stand in <Link to={to("/messages")}>Messages</Link>{" "}
            only. <span className="soft">Whoever runs Plimsoll names one with PLIMSOLL_SMTP_URL.</span>
          </p>
        )}
        {told && (
          <Facts
            facts={[
              ...(server
                ? ([
                    ["Mail server", `${server.host}${server.is_encrypted ? "" : ", not encrypted"}`],
                    ["From", server.sender],
                  ] as [string, string][])
                : []),
              [
                "Links begin with",
                told.url || <span key="url">nothing: PLIMSOLL_URL is not set, so links are paths</span>,
              ],
              [
                "Messages",
                <Link key="messages" to={to("/messages")}>
                  {told.waiting > 0 ? `${plural(told.waiting, "waits", "wait")}, ` : ""}
                  {told.failed > 0 ? `${told.failed} failed` : "none failed"} in 30 days
                </Link>,
              ],
              ...(told.people_without_address
                ? ([
                    [
                      "Cannot be reached",
                      <Link key="people" to={to("/users")}>
                        {plural(told.people_without_address, "person", "people")} without an e-mail address
                      </Link>,
                    ],
                  ] as [string, React.ReactNode][])
                : []),
            ]}
          />
        )}
        {told && can("notifications.change") && !server && (
          <p className="soft">Webhooks below need no mail server.</p>
        )}
      </Stack>
    </Panel>
  );
}
