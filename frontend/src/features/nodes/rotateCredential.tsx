import { Button, Group, Modal, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { Node } from "../../api/types";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";
import { CredentialInputs } from "./credentialInputs";
import { credentialBody, credentialProblem, type Draft, EMPTY_DRAFT, schemeOf } from "./draft";

/** Replaces a node's credential as a whole. The old one cannot be read, so nothing is filled in. */
export function RotateCredential({ node, onClose }: { node: Node; onClose: () => void }) {
  const notices = useNotices();
  const [draft, setDraft] = useState<Draft>({ ...EMPTY_DRAFT, address: node.address });
  const change = useChange<Node>();
  const missing = draft.allowPlaintext ? null : credentialProblem(draft);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await change.mutateAsync({
        method: "PUT",
        path: `/nodes/${node.id}/credential`,
        body: credentialBody(draft),
      });
      notices.done(`${node.name} has a new credential from its next pull on.`);
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
      title={`New credential for ${node.name}`}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <CredentialInputs
            draft={draft}
            errors={change.error?.fields ?? {}}
            onChange={(part) => setDraft((before) => ({ ...before, ...part }))}
          />
          {change.error && <ProblemNote problem={change.error} />}
          {missing && <p className="soft">{missing}</p>}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            {schemeOf(node.address) !== "unix" && (
              <Button type="submit" loading={change.isPending} disabled={missing !== null}>
                Replace the credential
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
