import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { useChange } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { ConnectionTest, Node, Pull } from "../../api/types";
import { Confirm } from "../../ui/confirm";
import { useNotices } from "../../ui/notices";
import { ConnectionReport } from "./connectionReport";
import { EditNode } from "./editNode";
import { RotateCredential } from "./rotateCredential";

/** Everything a person can do to a node; what their role lacks is not offered. */
export function NodeActions({ node }: { node: Node }) {
  const { can } = useSession();
  const navigate = useNavigate();
  const notices = useNotices();
  const change = useChange<unknown>(["/pulls", "/freshness", "/hosts"]);
  const [dialog, setDialog] = useState<"edit" | "credential" | "delete" | null>(null);
  const [test, setTest] = useState<ConnectionTest | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const path = `/nodes/${node.id}`;
  const run = async (name: string, failed: string, work: () => Promise<void>) => {
    setBusy(name);
    try {
      await work();
    } catch (error) {
      notices.failed(failed, error);
    } finally {
      setBusy(null);
    }
  };
  return (
    <>
      <Group gap="xs">
        {can("pulls.control") && (
          <Button
            loading={busy === "pull"}
            onClick={() =>
              run("pull", "The pull was not started", async () => {
                const pull = (await change.mutateAsync({ method: "POST", path: `${path}/pull` })) as Pull;
                navigate(`/pulls/${pull.id}`);
              })
            }
          >
            Pull now
          </Button>
        )}
        {can("nodes.change") && (
          <>
            <Button
              variant="default"
              loading={busy === "test"}
              onClick={() =>
                run("test", "The connection was not tested", async () => {
                  setTest(null);
                  setTest(
                    (await change.mutateAsync({ method: "POST", path: `${path}/test` })) as ConnectionTest,
                  );
                })
              }
            >
              Test connection
            </Button>
            <Button
              variant="default"
              loading={busy === "pause"}
              onClick={() =>
                run(
                  "pause",
                  node.paused ? "The node is still paused" : "The node is not paused",
                  async () => {
                    await change.mutateAsync({
                      method: "POST",
                      path: `${path}/${node.paused ? "resume" : "pause"}`,
                    });
                  },
                )
              }
            >
              {node.paused ? "Resume" : "Pause"}
            </Button>
            <Button variant="default" onClick={() => setDialog("credential")}>
              Rotate credential
            </Button>
            <Button variant="default" onClick={() => setDialog("edit")}>
              Change
            </Button>
            <Button variant="default" onClick={() => setDialog("delete")}>
              Delete
            </Button>
          </>
        )}
      </Group>
      {test && <ConnectionReport test={test} kind={node.kind} />}
      {dialog === "edit" && <EditNode node={node} onClose={() => setDialog(null)} />}
      {dialog === "credential" && <RotateCredential node={node} onClose={() => setDialog(null)} />}
      <Confirm
        opened={dialog === "delete"}
        title={`Delete ${node.name}?`}
        verb="Delete the node"
        onClose={() => setDialog(null)}
        onConfirm={async () => {
          await change.mutateAsync({ method: "DELETE", path });
          notices.done(`${node.name} was deleted.`);
          navigate("/nodes");
        }}
      >
        It is not pulled any more, a running pull stops, and its credential is destroyed.
        {node.host && ` What was learnt about the host ${node.host.name} stays and grows old.`}
      </Confirm>
    </>
  );
}
