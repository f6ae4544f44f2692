import { Button } from "@mantine/core";
import { useState } from "react";
import { useChange, useList } from "../../api/hooks";
import type { Webhook } from "../../api/notifications";
import { Chip } from "../../ui/chips";
import { Confirm } from "../../ui/confirm";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Panel, pageClasses } from "../../ui/page";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { KeyShown } from "./keyShown";
import { CAUSES, WebhookForm } from "./webhookForm";

/** Programs that are told. Their addresses are never shown again: they can be secrets themselves. */
export function Webhooks() {
  const notices = useNotices();
  const [edited, setEdited] = useState<Webhook | "new" | null>(null);
  const [removed, setRemoved] = useState<Webhook | null>(null);
  const [renewed, setRenewed] = useState<Webhook | null>(null);
  const [key, setKey] = useState<string | null>(null);
  const list = useList<Webhook>("/webhooks", { limit: 200 }, { refresh: () => 15_000 });
  const change = useChange<{ key: string } | null>(["/digests", "/messages", "/notifications"]);
  const rows = list.data?.pages.flatMap((page) => page.results) ?? [];
  const add = <Button onClick={() => setEdited("new")}>New webhook</Button>;
  const test = async (webhook: Webhook) => {
    try {
      await change.mutateAsync({ method: "POST", path: `/webhooks/${webhook.id}/test` });
      notices.done(`A message to ${webhook.name} is on its way.`);
    } catch (error) {
      notices.failed("No message was sent", error);
    }
  };
  return (
    <Panel title="Webhooks" aside={rows.length > 0 && add}>
      {list.error && <ProblemNote problem={list.error} retry={() => void list.refetch()} />}
      {list.isPending ? (
        <Loading what="the webhooks" rows={2} />
      ) : rows.length === 0 && !list.error ? (
        <Empty title="There is no webhook" action={add}>
          Another program, such as a chat or a ticket system, is sent signed JSON as things happen.
        </Empty>
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table}>
            <thead>
              <tr>
                <th scope="col">Webhook</th>
                <th scope="col">Is told of</th>
                <th scope="col">In</th>
                <th scope="col">State</th>
                <th scope="col">Last sent</th>
                <th scope="col">
                  <span className="spoken">Change</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  <td>
                    <strong>{row.name}</strong>
                    <div className="soft">{row.origin}</div>
                  </td>
                  <td>
                    {CAUSES.filter(({ value }) => row.causes.includes(value))
                      .map(({ label }) => label.toLowerCase())
                      .join(", ") || <span className="soft">digests alone</span>}
                  </td>
                  <td>{row.environment?.name ?? <span className="soft">every environment</span>}</td>
                  <td>
                    <Chip tone={!row.is_enabled ? "plain" : row.last_error ? "bad" : "good"}>
                      {!row.is_enabled ? "off" : row.last_error ? "failing" : "on"}
                    </Chip>
                    {row.last_error && <div className="soft">{row.last_error}</div>}
                  </td>
                  <td>
                    <Moment at={row.last_sent_at} />
                  </td>
                  <td className={pageClasses.verbs}>
                    <Button variant="default" aria-label={`Test ${row.name}`} onClick={() => void test(row)}>
                      Test
                    </Button>{" "}
                    <Button
                      variant="default"
                      aria-label={`Change ${row.name}`}
                      onClick={() => setEdited(row)}
                    >
                      Change
                    </Button>{" "}
                    <Button
                      variant="default"
                      aria-label={`Remove ${row.name}`}
                      onClick={() => setRemoved(row)}
                    >
                      Remove
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {edited && (
        <WebhookForm
          edited={edited === "new" ? null : edited}
          onClose={() => setEdited(null)}
          onCreated={setKey}
          onRenew={(webhook) => {
            setEdited(null);
            setRenewed(webhook);
          }}
        />
      )}
      {key && <KeyShown text={key} onClose={() => setKey(null)} />}
      <Confirm
        opened={renewed !== null}
        title={`New key for ${renewed?.name ?? ""}`}
        verb="Make a new key"
        onClose={() => setRenewed(null)}
        onConfirm={async () => {
          const made = await change.mutateAsync({ method: "POST", path: `/webhooks/${renewed?.id}/key` });
          if (made) setKey(made.key);
          change.reset();
        }}
      >
        Its receiver refuses what is sent until it knows the new key.
      </Confirm>
      <Confirm
        opened={removed !== null}
        title={`Remove ${removed?.name ?? ""}`}
        verb="Remove"
        onClose={() => setRemoved(null)}
        onConfirm={() => change.mutateAsync({ method: "DELETE", path: `/webhooks/${removed?.id}` })}
      >
        Digests to it, and messages that wait for it, go with it.
      </Confirm>
    </Panel>
  );
}
