import { Button } from "@mantine/core";
import { useState } from "react";
import { useChange } from "../../api/hooks";
import type { Token } from "../../api/types";
import { Chip } from "../../ui/chips";
import { Confirm } from "../../ui/confirm";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { PageFrame } from "../../ui/page";
import { NewToken } from "./newToken";

function state(token: Token): "revoked" | "expired" | "valid" {
  if (token.revoked_at) return "revoked";
  if (token.expires_at && new Date(token.expires_at).getTime() < Date.now()) return "expired";
  return "valid";
}

function definition(onRevoke: (token: Token) => void): ListDefinition<Token> {
  return {
    path: "/tokens",
    one: "token",
    many: "tokens",
    id: (token) => String(token.id),
    name: (token) => token.name,
    search: false,
    past: false,
    whole: false,
    usualOrdering: "",
    columns: [
      { id: "name", label: "Token", width: 160, cell: (token) => token.name },
      { id: "prefix", label: "Begins with", cell: (token) => <code>{token.prefix}…</code> },
      { id: "scope", label: "May", cell: (token) => (token.scope === "write" ? "read and write" : "read") },
      { id: "user", label: "Of", cell: (token) => token.user.username },
      {
        id: "state",
        label: "State",
        cell: (token) => <Chip tone={state(token) === "valid" ? "good" : "plain"}>{state(token)}</Chip>,
      },
      { id: "expires", label: "Expires", cell: (token) => <Moment at={token.expires_at} /> },
      { id: "used", label: "Last used", cell: (token) => <Moment at={token.last_used_at} /> },
      { id: "created", label: "Created", cell: (token) => <Moment at={token.created_at} /> },
      {
        id: "revoke",
        label: "Revoke",
        cell: (token) =>
          token.revoked_at ? (
            <Moment at={token.revoked_at} />
          ) : (
            <Button variant="default" aria-label={`Revoke ${token.name}`} onClick={() => onRevoke(token)}>
              Revoke
            </Button>
          ),
      },
    ],
    filters: [],
    nothing: {
      title: "You have no token yet",
      words: "A token lets a program use the API with your rights, or fewer.",
    },
  };
}

export function TokensPage() {
  const notices = useNotices();
  const change = useChange();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const [list] = useState(() => definition(setRevoking));
  return (
    <PageFrame
      title="Tokens"
      fill
      says="Keys for programs that use the API. A token can do at most what its owner can."
      actions={<Button onClick={() => setCreating(true)}>New token</Button>}
    >
      <Explorer definition={list} />
      <NewToken opened={creating} onClose={() => setCreating(false)} />
      <Confirm
        opened={revoking !== null}
        title={`Revoke ${revoking?.name}?`}
        verb="Revoke"
        onClose={() => setRevoking(null)}
        onConfirm={async () => {
          await change.mutateAsync({ method: "DELETE", path: `/tokens/${revoking?.id}` });
          notices.done("The token was revoked.");
        }}
      >
        Programs that use this token are refused from now on. This cannot be undone.
      </Confirm>
    </PageFrame>
  );
}
