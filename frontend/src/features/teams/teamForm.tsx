import { Button, Modal, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Team } from "../../api/decisions";
import { useChange, useList } from "../../api/hooks";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";

export function TeamForm({ edited, onClose }: { edited: Team | null; onClose: () => void }) {
  const notices = useNotices();
  const [name, setName] = useState(edited?.name ?? "");
  const [members, setMembers] = useState(edited?.members ?? []);
  const [manager, setManager] = useState(edited?.manager ?? "");
  const people = useList<{ username: string }>("/users", { limit: 200, is_active: "true" });
  const names = people.data?.pages.flatMap((page) => page.results.map((row) => row.username)) ?? [];
  const change = useChange<Team>(["/findings"]);
  const fields = change.error?.fields ?? {};
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = { name, members, manager: manager || null };
    try {
      await change.mutateAsync(
        edited
          ? { method: "PATCH", path: `/teams/${edited.id}`, body }
          : { method: "POST", path: "/teams", body },
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
      title={edited ? `Change ${edited.name}` : "New team"}
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
          <TagsInput
            label="Members"
            data={names}
            value={members}
            error={fields.members}
            onChange={setMembers}
          />
          <Select
            label="Manager"
            description="Is told of what stays overdue"
            data={[{ value: "", label: "none" }, ...names.map((one) => ({ value: one, label: one }))]}
            value={manager}
            error={fields.manager}
            searchable
            allowDeselect={false}
            onChange={(value) => setManager(value ?? "")}
          />
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
