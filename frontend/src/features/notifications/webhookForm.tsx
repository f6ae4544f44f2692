import { Button, Checkbox, Modal, Select, Stack, Switch, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange, useList } from "../../api/hooks";
import type { NewWebhook, Webhook } from "../../api/notifications";
import type { Environment } from "../../api/types";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";

export const CAUSES: { value: "reminder" | "suspension"; label: string }[] = [
  { value: "reminder", label: "Reminders" },
  { value: "suspension", label: "Suspended decisions" },
];

export function WebhookForm({
  edited,
  onClose,
  onCreated,
  onRenew,
}: {
  edited: Webhook | null;
  onClose: () => void;
  onCreated: (key: string) => void;
  onRenew: (webhook: Webhook) => void;
}) {
  const notices = useNotices();
  const [name, setName] = useState(edited?.name ?? "");
  const [url, setUrl] = useState("");
  const [environment, setEnvironment] = useState(edited?.environment?.slug ?? "");
  const [causes, setCauses] = useState<string[]>(edited?.causes ?? ["reminder", "suspension"]);
  const [isEnabled, setIsEnabled] = useState(edited?.is_enabled ?? true);
  const environments = useList<Environment>("/environments", { limit: 200 });
  const change = useChange<NewWebhook>();
  const fields = change.error?.fields ?? {};
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = { name, environment: environment || null, causes, is_enabled: isEnabled };
    try {
      const made = await change.mutateAsync(
        edited
          ? { method: "PATCH", path: `/webhooks/${edited.id}`, body: url ? { ...body, url } : body }
          : { method: "POST", path: "/webhooks", body: { ...body, url } },
      );
      notices.done(edited ? `${name} was changed.` : `${name} was created.`);
      onClose();
      if (!edited) onCreated(made.key);
      // The answer must not stay in memory beside what the dialog shows.
      change.reset();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={edited ? `Change ${edited.name}` : "New webhook"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            required
            data-autofocus
            value={name}
            error={fields.name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="Address"
            description={
              edited ? `Empty: it stays at ${edited.origin}` : "It is stored encrypted and never shown again"
            }
            placeholder="https://chat.example/hooks/…"
            required={!edited}
            value={url}
            error={fields.url}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Checkbox.Group label="It is told of" value={causes} error={fields.causes} onChange={setCauses}>
            <Stack gap={6} mt={4}>
              {CAUSES.map(({ value, label }) => (
                <Checkbox key={value} value={value} label={label} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Select
            label="In"
            data={[
              { value: "", label: "every environment" },
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
          <Switch
            label="On"
            checked={isEnabled}
            onChange={(event) => setIsEnabled(event.currentTarget.checked)}
          />
          {change.error && <ProblemNote problem={change.error} />}
          <DialogFoot>
            {edited && (
              <Button variant="subtle" onClick={() => onRenew(edited)}>
                New key …
              </Button>
            )}
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
