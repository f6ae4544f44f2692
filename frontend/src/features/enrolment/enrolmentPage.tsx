import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { useChange } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { EnrolmentToken } from "../../api/types";
import { EnvironmentName } from "../../ui/assetLink";
import { Confirm } from "../../ui/confirm";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { labelsText } from "../../ui/labels";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { PageFrame } from "../../ui/page";
import { useAddressValue } from "../../url/useView";
import { EnrolmentDrawer } from "./enrolmentDrawer";
import { EnrolledNode, EnrolmentChip } from "./enrolmentState";
import { NewEnrolment } from "./newEnrolment";

const CRUMBS = [{ label: "Nodes", path: "/nodes" }];

function definition(
  make: (() => void) | null,
  revoke: ((token: EnrolmentToken) => void) | null,
): ListDefinition<EnrolmentToken> {
  return {
    path: "/enrolment-tokens",
    one: "token",
    many: "tokens",
    id: (token) => String(token.id),
    name: (token) => token.name,
    search: true,
    past: false,
    savedViews: false,
    usualOrdering: "-created_at",
    columns: [
      { id: "name", label: "Token", width: 140, cell: (token) => token.name },
      { id: "state", label: "State", cell: (token) => <EnrolmentChip state={token.state} /> },
      { id: "node", label: "Node", cell: (token) => <EnrolledNode token={token} /> },
      {
        id: "environment",
        label: "Environment",
        cell: (token) => <EnvironmentName environment={token.environment} />,
      },
      { id: "expires", label: "Expires", cell: (token) => <Moment at={token.expires_at} /> },
      {
        id: "created",
        label: "Made",
        orderings: ["-created_at", "created_at"],
        cell: (token) => <Moment at={token.created_at} />,
      },
      { id: "by", label: "Made by", cell: (token) => token.created_by?.username ?? "the terminal" },
      { id: "labels", label: "Labels", usual: false, cell: (token) => labelsText(token.labels) || "–" },
      {
        id: "prefix",
        label: "Begins with",
        usual: false,
        cell: (token) => <code>{token.prefix}…</code>,
      },
      { id: "used", label: "Used", usual: false, cell: (token) => <Moment at={token.used_at} /> },
      {
        id: "revoked",
        label: "Revoked",
        usual: false,
        cell: (token) => <Moment at={token.revoked_at} />,
      },
      ...(revoke
        ? [
            {
              id: "revoke",
              label: "Revoke",
              cell: (token: EnrolmentToken) =>
                token.state === "open" ? (
                  <Button
                    variant="default"
                    size="compact-xs"
                    aria-label={`Revoke ${token.name}`}
                    onClick={() => revoke(token)}
                  >
                    Revoke
                  </Button>
                ) : (
                  <span className="soft">–</span>
                ),
            },
          ]
        : []),
    ],
    filters: [
      { name: "state", label: "State" },
      { name: "environment", label: "Environment" },
    ],
    drawer: (id, row) => <EnrolmentDrawer id={id} row={row} onRevoke={revoke} />,
    refresh: (rows) => (rows.some((token) => token.state === "open") ? 5000 : 15_000),
    nothing: {
      title: "No host was asked to enrol yet",
      words:
        "With a token from here a host becomes a node by itself: one command makes its certificate and key, tells them to this server and is pulled at once.",
      action: make && <Button onClick={make}>Enrol a host</Button>,
    },
  };
}

/** The tokens with which hosts register themselves: made, watched and revoked here. */
export function EnrolmentPage() {
  const { can } = useSession();
  const notices = useNotices();
  const change = useChange();
  const [adding, setAdding] = useAddressValue("add");
  const [revoking, setRevoking] = useState<EnrolmentToken | null>(null);
  const mayChange = can("nodes.change");
  const make = useMemo(() => (mayChange ? () => setAdding("token", ["open"]) : null), [mayChange, setAdding]);
  const list = useMemo(() => definition(make, mayChange ? setRevoking : null), [make, mayChange]);
  return (
    <PageFrame
      title="Enrolment"
      fill
      crumbs={CRUMBS}
      says="Single-use tokens with which hosts register themselves as nodes, and what became of each."
      actions={make && <Button onClick={make}>Enrol a host</Button>}
    >
      <Explorer definition={list} />
      {adding === "token" && mayChange && <NewEnrolment onClose={() => setAdding(null)} />}
      <Confirm
        opened={revoking !== null}
        title={`Revoke ${revoking?.name}?`}
        verb="Revoke"
        onClose={() => setRevoking(null)}
        onConfirm={async () => {
          await change.mutateAsync({ method: "DELETE", path: `/enrolment-tokens/${revoking?.id}` });
          notices.done("The enrolment token was revoked.");
        }}
      >
        No host can enrol with it from now on. This cannot be undone.
      </Confirm>
    </PageFrame>
  );
}
