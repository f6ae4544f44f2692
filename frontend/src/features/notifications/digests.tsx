import { Button, Modal, Select, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange, useList } from "../../api/hooks";
import type { Digest, Message, Webhook } from "../../api/notifications";
import { useSession } from "../../api/session";
import type { Environment } from "../../api/types";
import { Confirm } from "../../ui/confirm";
import { DialogFoot } from "../../ui/dialogFoot";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Panel, pageClasses } from "../../ui/page";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { FREQUENCIES, HOURS, hourText } from "./words";

/** The page Today, sent at set times: one's own, and everybody's for who manages notifications. */
export function Digests() {
  const { me, can } = useSession();
  const notices = useNotices();
  const [edited, setEdited] = useState<Digest | "new" | null>(null);
  const [removed, setRemoved] = useState<Digest | null>(null);
  const list = useList<Digest>("/digests", { limit: 200 });
  const change = useChange<Message>(["/messages", "/notifications"]);
  const rows = list.data?.pages.flatMap((page) => page.results) ?? [];
  const seesAll = can("notifications.change") || can("history.view");
  const add = <Button onClick={() => setEdited("new")}>New digest</Button>;
  const send = async (digest: Digest) => {
    try {
      await change.mutateAsync({ method: "POST", path: `/digests/${digest.id}/send` });
      notices.done("The digest is on its way.");
    } catch (error) {
      notices.failed("The digest was not sent", error);
    }
  };
  return (
    <Panel title="Digests" aside={rows.length > 0 && add}>
      {list.error && <ProblemNote problem={list.error} retry={() => void list.refetch()} />}
      {list.isPending ? (
        <Loading what="the digests" rows={2} />
      ) : rows.length === 0 && !list.error ? (
        <Empty title={seesAll ? "Nobody has a digest" : "You have no digest"} action={add}>
          Today as you see it, with what is new since the last one, at an hour of your choice.
        </Empty>
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table}>
            <thead>
              <tr>
                {seesAll && <th scope="col">Of</th>}
                <th scope="col">Goes out</th>
                <th scope="col">To</th>
                <th scope="col">About</th>
                <th scope="col">Next</th>
                <th scope="col">Last</th>
                <th scope="col">
                  <span className="spoken">Change</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  {seesAll && <td>{row.owner}</td>}
                  <td>
                    {FREQUENCIES.find(({ value }) => value === row.frequency)?.label}, {hourText(row.hour)}
                  </td>
                  <td>{row.webhook ? `webhook ${row.webhook}` : `${row.owner} by e-mail`}</td>
                  <td>{row.environment?.name ?? <span className="soft">all that {row.owner} sees</span>}</td>
                  <td>
                    <Moment at={row.next_at} />
                  </td>
                  <td>
                    <Moment at={row.last_at} />
                  </td>
                  <td className={pageClasses.verbs}>
                    {row.owner === me.username && (
                      <>
                        <Button variant="default" onClick={() => void send(row)}>
                          Send now
                        </Button>{" "}
                        <Button variant="default" onClick={() => setEdited(row)}>
                          Change
                        </Button>{" "}
                      </>
                    )}
                    {(row.owner === me.username || can("notifications.change")) && (
                      <Button variant="default" onClick={() => setRemoved(row)}>
                        Remove
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {edited && <DigestForm edited={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
      <Confirm
        opened={removed !== null}
        title="Remove this digest"
        verb="Remove"
        onClose={() => setRemoved(null)}
        onConfirm={() => change.mutateAsync({ method: "DELETE", path: `/digests/${removed?.id}` })}
      >
        It is sent no more.
      </Confirm>
    </Panel>
  );
}

function DigestForm({ edited, onClose }: { edited: Digest | null; onClose: () => void }) {
  const { me, can } = useSession();
  const notices = useNotices();
  const mayTellPrograms = can("notifications.change");
  const [frequency, setFrequency] = useState<string>(edited?.frequency ?? "working_days");
  const [hour, setHour] = useState(String(edited?.hour ?? 7));
  const [environment, setEnvironment] = useState(edited?.environment?.slug ?? "");
  const [webhook, setWebhook] = useState(edited?.webhook ?? "");
  const environments = useList<Environment>("/environments", { limit: 200 });
  const webhooks = useList<Webhook>("/webhooks", { limit: 200 }, { enabled: mayTellPrograms });
  const programs = webhooks.data?.pages.flatMap((page) => page.results) ?? [];
  const change = useChange<Digest>();
  const fields = change.error?.fields ?? {};
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = {
      frequency,
      hour: Number(hour),
      environment: environment || null,
      ...(mayTellPrograms ? { webhook: webhook || null } : {}),
    };
    try {
      await change.mutateAsync(
        edited
          ? { method: "PATCH", path: `/digests/${edited.id}`, body }
          : { method: "POST", path: "/digests", body },
      );
      notices.done(edited ? "The digest was changed." : "The digest goes out at its next time.");
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={edited ? "Change the digest" : "New digest"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Select
            label="It goes out"
            data={FREQUENCIES}
            value={frequency}
            error={fields.frequency}
            allowDeselect={false}
            onChange={(value) => setFrequency(value ?? "working_days")}
          />
          <Select
            label="At"
            data={HOURS}
            value={hour}
            error={fields.hour}
            allowDeselect={false}
            onChange={(value) => setHour(value ?? "7")}
          />
          <Select
            label="About"
            data={[
              { value: "", label: "all that I see" },
              ...(environments.data?.pages.flatMap((page) => page.results) ?? []).map((one) => ({
                value: one.slug,
                label: one.name,
              })),
            ]}
            value={environment}
            error={fields.environment}
            allowDeselect={false}
            onChange={(value) => setEnvironment(value ?? "")}
          />
          {mayTellPrograms && (
            <Select
              label="To"
              data={[
                { value: "", label: me.email ? `me: ${me.email}` : "me (I have no e-mail address yet)" },
                ...programs.map((one) => ({ value: one.name, label: `webhook ${one.name}` })),
              ]}
              value={webhook}
              error={fields.webhook}
              allowDeselect={false}
              onChange={(value) => setWebhook(value ?? "")}
            />
          )}
          {!mayTellPrograms && !me.email && (
            <p className="soft">You have no e-mail address yet: give one in your profile.</p>
          )}
          {change.error && <ProblemNote problem={change.error} />}
          <DialogFoot>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
