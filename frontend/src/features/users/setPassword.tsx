import { Button, Group, Modal, PasswordInput, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { User } from "../../api/types";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";

/** Gives a user a new first password. Their sessions end, and they must replace it at the next login. */
export function SetPassword({ user, onClose }: { user: User; onClose: () => void }) {
  const notices = useNotices();
  const [password, setPassword] = useState("");
  const change = useChange<User>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await change.mutateAsync({ method: "POST", path: `/users/${user.id}/password`, body: { password } });
      notices.done(`${user.username} has a new first password.`);
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`New password for ${user.username}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <PasswordInput
            label="First password"
            description="Must be replaced at the next login"
            required
            data-autofocus
            autoComplete="new-password"
            value={password}
            error={change.error?.fields.password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": "Show or hide the password" }}
          />
          {change.error && <ProblemNote problem={change.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Set password
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
