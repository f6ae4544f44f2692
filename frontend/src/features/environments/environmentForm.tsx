import { Button, Checkbox, Group, Modal, NumberInput, Stack, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { Environment } from "../../api/types";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";

const DATA_CLASSES = [
  { value: "personal", label: "Personal data (GDPR)" },
  { value: "cardholder", label: "Cardholder data (PCI DSS)" },
];

/** `Pre-production EU` as it stands in addresses: `pre-production-eu`. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 50);
}

/** The lines that hold something. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

export function EnvironmentForm({ edited, onClose }: { edited: Environment | null; onClose: () => void }) {
  const notices = useNotices();
  const [name, setName] = useState(edited?.name ?? "");
  const [description, setDescription] = useState(edited?.description ?? "");
  const [line, setLine] = useState<number | string>(edited?.line ?? 100);
  const [dataClasses, setDataClasses] = useState<string[]>(edited?.data_classes ?? []);
  const [signed, setSigned] = useState(edited?.requires_signatures ?? false);
  const [approved, setApproved] = useState(edited?.requires_approval ?? false);
  const [listed, setListed] = useState(edited ? edited.allowed_registries !== null : false);
  const [registries, setRegistries] = useState(edited?.allowed_registries?.join("\n") ?? "");
  const change = useChange<Environment>(["/hosts", "/containers", "/findings"]);
  const fields = change.error?.fields ?? {};
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = {
      name,
      description,
      line: Number(line),
      data_classes: dataClasses,
      requires_signatures: signed,
      requires_approval: approved,
      allowed_registries: listed ? linesOf(registries) : null,
    };
    try {
      await change.mutateAsync(
        edited
          ? { method: "PATCH", path: `/environments/${edited.id}`, body }
          : { method: "POST", path: "/environments", body: { ...body, slug: slugOf(name) } },
      );
      notices.done(edited ? `${name} was changed.` : `${name} was created.`);
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={edited ? `Change ${edited.name}` : "New environment"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            required
            data-autofocus
            value={name}
            error={fields.name ?? fields.slug}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="Description"
            autosize
            minRows={2}
            value={description}
            error={fields.description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <NumberInput
            label="Line"
            description="The load that its owners tolerate. One critical finding alone is a load near 100."
            required
            min={1}
            value={line}
            error={fields.line}
            onChange={setLine}
          />
          <Checkbox.Group
            label="Data that its containers handle"
            value={dataClasses}
            onChange={setDataClasses}
          >
            <Stack gap={6} mt={4}>
              {DATA_CLASSES.map((entry) => (
                <Checkbox key={entry.value} size="xs" value={entry.value} label={entry.label} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Stack gap={6}>
            <Checkbox
              size="xs"
              label="Images must be signed by somebody trusted"
              description="One that runs here and is not is a finding."
              checked={signed}
              onChange={(event) => setSigned(event.currentTarget.checked)}
            />
            <Checkbox
              size="xs"
              label="A second person has to agree to decisions"
              description="What hides findings here waits until somebody else agrees."
              checked={approved}
              onChange={(event) => setApproved(event.currentTarget.checked)}
            />
            <Checkbox
              size="xs"
              label="Images may come from listed registries only"
              description="One that runs here and comes from another is a finding."
              checked={listed}
              onChange={(event) => setListed(event.currentTarget.checked)}
            />
            {listed && (
              <Textarea
                label="Allowed registries"
                description="One a line, as images name them: docker.io/library, registry.example:5000. None allows nothing."
                autosize
                minRows={2}
                spellCheck={false}
                value={registries}
                error={fields.allowed_registries}
                onChange={(event) => setRegistries(event.currentTarget.value)}
              />
            )}
          </Stack>
          {change.error && <ProblemNote problem={change.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
