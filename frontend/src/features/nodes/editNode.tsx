import { Button, Group, Modal, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { Node } from "../../api/types";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";
import { type Draft, EMPTY_DRAFT, labelsText, nodeBody } from "./draft";
import { SettingsInputs } from "./settingsInputs";

function draftOf(node: Node): Draft {
  return {
    ...EMPTY_DRAFT,
    address: node.address,
    name: node.name,
    environment: node.environment ? String(node.environment.id) : null,
    labels: labelsText(node.labels),
    intervalSeconds: node.interval_seconds,
    limitSeconds: node.limits.seconds ?? null,
    limitMegabytes: node.limits.bytes ? Math.max(1, Math.round(node.limits.bytes / 1024 / 1024)) : null,
    limitItems: node.limits.items ?? null,
  };
}

/** Changes a node's name, environment, schedule and limits. The credential has its own dialog. */
export function EditNode({ node, onClose }: { node: Node; onClose: () => void }) {
  const notices = useNotices();
  const [draft, setDraft] = useState<Draft>(() => draftOf(node));
  const change = useChange<Node>(["/hosts"]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { name, environment, labels, interval_seconds, limits } = nodeBody(draft);
    try {
      await change.mutateAsync({
        method: "PATCH",
        path: `/nodes/${node.id}`,
        body: { name, environment, labels, interval_seconds, limits },
      });
      notices.done(`${name} was changed.`);
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={`Change ${node.name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <SettingsInputs
            draft={draft}
            errors={change.error?.fields ?? {}}
            onChange={(part) => setDraft((before) => ({ ...before, ...part }))}
          />
          {change.error && <ProblemNote problem={change.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={change.isPending}
              disabled={!draft.name.trim() || !draft.environment}
            >
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
