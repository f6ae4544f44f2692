import { Button, Modal, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { Node } from "../../api/types";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";
import { CredentialInputs } from "./credentialInputs";
import {
  credentialBody,
  credentialFields,
  credentialProblem,
  type Draft,
  draftOf,
  pairProblem,
  schemeOf,
} from "./draft";

/** What must still be given. Of an agent's or registry's credential each part can be replaced alone; the others stay. */
function missingPart(draft: Draft): string | null {
  if (draft.kind !== "registry" && schemeOf(draft.address) !== "https")
    return draft.allowPlaintext ? null : credentialProblem(draft);
  if (Object.keys(credentialBody(draft)).length === 0) return "What is left empty stays as it is.";
  return pairProblem(draft);
}

/** Replaces what opens a node. The old one cannot be read, so nothing is filled in. */
export function RotateCredential({ node, onClose }: { node: Node; onClose: () => void }) {
  const notices = useNotices();
  const [draft, setDraft] = useState<Draft>(() => ({ ...draftOf(node), allowPlaintext: false }));
  const change = useChange<Node>();
  const missing = missingPart(draft);
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
          <DialogFoot>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            {credentialFields(schemeOf(node.address), node.kind).length > 0 && (
              <Button type="submit" loading={change.isPending} disabled={missing !== null}>
                Replace the credential
              </Button>
            )}
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
