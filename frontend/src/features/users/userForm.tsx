import {
  Button,
  Group,
  Modal,
  MultiSelect,
  PasswordInput,
  Select,
  Stack,
  Switch,
  TextInput,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { User } from "../../api/types";
import { useNotices } from "../../ui/notices";
import { useEnvironments } from "../../ui/shell/scopeSelect";
import { ProblemNote } from "../../ui/states";

const ROLES = [
  { value: "viewer", label: "viewer: sees" },
  { value: "analyst", label: "analyst: sees, and controls pulls" },
  { value: "auditor", label: "auditor: sees, and reads the audit trail" },
  { value: "administrator", label: "administrator: may do everything" },
];

export function UserForm({ edited, onClose }: { edited: User | null; onClose: () => void }) {
  const notices = useNotices();
  const environments = useEnvironments();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [email, setEmail] = useState(edited?.email ?? "");
  const [role, setRole] = useState<string | null>(edited?.role ?? "viewer");
  const [active, setActive] = useState(edited?.is_active ?? true);
  const [seen, setSeen] = useState<string[]>(edited?.environments?.map((known) => String(known.id)) ?? []);
  const change = useChange<User>();
  const fields = change.error?.fields ?? {};
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = { email, role, environments: seen.length > 0 ? seen.map(Number) : null };
    try {
      await change.mutateAsync(
        edited
          ? { method: "PATCH", path: `/users/${edited.id}`, body: { ...body, is_active: active } }
          : { method: "POST", path: "/users", body: { ...body, username, password } },
      );
      notices.done(edited ? `${edited.username} was changed.` : `${username} was created.`);
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={edited ? `Change ${edited.username}` : "New user"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {!edited && (
            <>
              <TextInput
                label="User name"
                required
                data-autofocus
                autoComplete="off"
                value={username}
                error={fields.username}
                onChange={(event) => setUsername(event.currentTarget.value)}
              />
              <PasswordInput
                label="First password"
                description="Must be replaced at the first login"
                required
                autoComplete="new-password"
                value={password}
                error={fields.password}
                onChange={(event) => setPassword(event.currentTarget.value)}
                visibilityToggleButtonProps={{ "aria-label": "Show or hide the password" }}
              />
            </>
          )}
          <TextInput
            label="E-mail address"
            type="email"
            value={email}
            error={fields.email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Select
            label="Role"
            data={ROLES}
            value={role}
            onChange={setRole}
            allowDeselect={false}
            error={fields.role}
          />
          <MultiSelect
            label="Environments"
            description="None chosen: every environment"
            data={environments.map((known) => ({ value: String(known.id), label: known.name }))}
            value={seen}
            onChange={setSeen}
            error={fields.environments}
          />
          {edited && (
            <Switch
              label="May log in"
              checked={active}
              onChange={(event) => setActive(event.currentTarget.checked)}
            />
          )}
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
