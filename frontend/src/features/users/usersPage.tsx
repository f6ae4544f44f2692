import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { useSession } from "../../api/session";
import type { User } from "../../api/types";
import { Chip } from "../../ui/chips";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { Moment } from "../../ui/moment";
import { PageFrame } from "../../ui/page";
import { Empty } from "../../ui/states";
import { SetPassword } from "./setPassword";
import { UserForm } from "./userForm";

function definition(
  change: ((user: User) => void) | null,
  password: (user: User) => void,
): ListDefinition<User> {
  return {
    path: "/users",
    one: "user",
    many: "users",
    id: (user) => String(user.id),
    name: (user) => user.username,
    search: false,
    past: false,
    whole: false,
    usualOrdering: "",
    columns: [
      { id: "username", label: "User", width: 140, cell: (user) => user.username },
      { id: "role", label: "Role", cell: (user) => user.role },
      { id: "email", label: "E-mail", cell: (user) => user.email || <span className="soft">none</span> },
      {
        id: "environments",
        label: "Sees",
        cell: (user) => user.environments?.map((known) => known.name).join(", ") ?? "every environment",
      },
      {
        id: "active",
        label: "State",
        cell: (user) => (
          <Chip tone={user.is_active ? "good" : "plain"}>{user.is_active ? "active" : "switched off"}</Chip>
        ),
      },
      { id: "login", label: "Last login", cell: (user) => <Moment at={user.last_login_at} /> },
      ...(change
        ? [
            {
              id: "change",
              label: "Change",
              cell: (user: User) => (
                <span style={{ display: "inline-flex", gap: 6 }}>
                  <Button
                    variant="default"
                    aria-label={`Change ${user.username}`}
                    onClick={() => change(user)}
                  >
                    Change
                  </Button>
                  <Button
                    variant="default"
                    aria-label={`Set password for ${user.username}`}
                    onClick={() => password(user)}
                  >
                    Set password
                  </Button>
                </span>
              ),
            },
          ]
        : []),
    ],
    filters: [],
    nothing: { title: "No user is visible", words: "Users appear when an administrator creates them." },
  };
}

export function UsersPage() {
  const { can } = useSession();
  const [edited, setEdited] = useState<User | "new" | null>(null);
  const [reset, setReset] = useState<User | null>(null);
  const mayChange = can("users.change");
  const list = useMemo(() => definition(mayChange ? setEdited : null, setReset), [mayChange]);
  if (!can("users.view") && !mayChange) {
    return (
      <PageFrame title="Users">
        <Empty title="Your role does not show users">Administrators manage them.</Empty>
      </PageFrame>
    );
  }
  return (
    <PageFrame
      title="Users"
      fill
      says="Who may log in, as what, and which environments they see."
      actions={mayChange && <Button onClick={() => setEdited("new")}>New user</Button>}
    >
      <Explorer definition={list} />
      {edited && (
        <UserForm
          key={edited === "new" ? "new" : edited.id}
          edited={edited === "new" ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
      {reset && <SetPassword user={reset} onClose={() => setReset(null)} />}
    </PageFrame>
  );
}
