import { Button, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { Node } from "../../api/types";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";
import { addressOf, addressProblem, type Draft, draftOf, hostOptions, LOCAL, nodeBody } from "./draft";
import { HostOptions } from "./hostOptions";
import { SettingsInputs } from "./settingsInputs";

/** Changes everything of a node but its kind and its credential, which has its own dialog. */
export function EditNode({ node, onClose }: { node: Node; onClose: () => void }) {
  const notices = useNotices();
  const [draft, setDraft] = useState<Draft>(() => draftOf(node));
  const change = useChange<Node>(["/hosts"]);
  const errors = change.error?.fields ?? {};
  const put = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const moved = addressOf(draft) !== node.address;
  const wrong = moved ? addressProblem(draft) : null;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { name, environment, labels, interval_seconds, limits } = nodeBody(draft);
    try {
      await change.mutateAsync({
        method: "PATCH",
        path: `/nodes/${node.id}`,
        body: {
          name,
          environment,
          labels,
          interval_seconds,
          limits,
          ...(moved ? { address: addressOf(draft) } : {}),
          ...hostOptions(draft),
        },
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
          {node.address !== LOCAL && (
            <TextInput
              label="Address"
              description={
                moved ? "Its credential stays: rotate it where the new address needs another." : undefined
              }
              required
              autoComplete="off"
              spellCheck={false}
              value={draft.address}
              error={wrong ?? errors.address}
              onChange={(event) => put({ address: event.currentTarget.value })}
            />
          )}
          <HostOptions draft={draft} errors={errors} onChange={put} />
          <SettingsInputs draft={draft} errors={errors} onChange={put} />
          {change.error && <ProblemNote problem={change.error} />}
          <DialogFoot>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={change.isPending}
              disabled={!draft.name.trim() || !draft.environment || wrong !== null}
            >
              Save
            </Button>
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
