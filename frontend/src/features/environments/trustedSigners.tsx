import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { useChange, useList } from "../../api/hooks";
import type { Environment, TrustedSigner } from "../../api/types";
import { EnvironmentName } from "../../ui/assetLink";
import { useNotices } from "../../ui/notices";
import { Panel, pageClasses } from "../../ui/page";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { SignerForm } from "./signerForm";

/** Who is believed when images are signed, and what they may sign. */
export function TrustedSigners({
  environments,
  mayChange,
}: {
  environments: Environment[];
  mayChange: boolean;
}) {
  const [edited, setEdited] = useState<TrustedSigner | "new" | null>(null);
  const list = useList<TrustedSigner>("/trusted-signers", { limit: 200 });
  const rows = list.data?.pages.flatMap((page) => page.results) ?? [];
  const add = mayChange && (
    <Button variant="default" onClick={() => setEdited("new")}>
      Trust a signer
    </Button>
  );
  return (
    <Panel title="Trusted signers" aside={rows.length > 0 && add}>
      {list.error && <ProblemNote problem={list.error} retry={() => void list.refetch()} />}
      {list.isPending ? (
        <Loading what="the trusted signers" />
      ) : rows.length === 0 && !list.error ? (
        <Empty title="Nobody is trusted yet" action={add}>
          An image counts as verified once somebody who is trusted has signed it.
        </Empty>
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table}>
            <thead>
              <tr>
                <th scope="col">Signer</th>
                <th scope="col">Known by</th>
                <th scope="col">Trusted in</th>
                <th scope="col">May sign</th>
                {mayChange && (
                  <th scope="col">
                    <span className="spoken">Change</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <SignerRow
                  key={row.id}
                  signer={row}
                  onChange={mayChange ? () => setEdited(row) : undefined}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {edited && (
        <SignerForm
          edited={edited === "new" ? null : edited}
          environments={environments}
          onClose={() => setEdited(null)}
        />
      )}
    </Panel>
  );
}

function SignerRow({ signer, onChange }: { signer: TrustedSigner; onChange?: () => void }) {
  const notices = useNotices();
  const [asked, setAsked] = useState(false);
  const remove = useChange<null>(["/trusted-signers", "/images", "/findings"]);
  const forget = async () => {
    try {
      await remove.mutateAsync({ method: "DELETE", path: `/trusted-signers/${signer.id}` });
      notices.done(`${signer.name} is no longer trusted.`);
    } catch {
      // Shown below the row's buttons.
    }
  };
  return (
    <tr>
      <td>
        <strong>{signer.name}</strong>
      </td>
      <td>
        {signer.kind === "key" ? (
          <>
            key <code title={signer.key_id}>{signer.key_id.slice(0, 12)}</code>
          </>
        ) : (
          <>
            <code>{signer.subject}</code>
            <div className="soft">by the word of {signer.issuer}</div>
          </>
        )}
      </td>
      <td>
        {signer.environment ? <EnvironmentName environment={signer.environment} /> : "every environment"}
      </td>
      <td>
        {signer.repositories.length > 0 ? (
          signer.repositories.map((pattern) => (
            <div key={pattern}>
              <code>{pattern}</code>
            </div>
          ))
        ) : (
          <span className="soft">every repository</span>
        )}
      </td>
      {onChange && (
        <td>
          <Group gap="xs" wrap="nowrap">
            <Button variant="default" onClick={onChange} aria-label={`Change ${signer.name}`}>
              Change
            </Button>
            {asked ? (
              <Button color="red" loading={remove.isPending} onClick={forget}>
                Trust {signer.name} no longer
              </Button>
            ) : (
              <Button variant="default" onClick={() => setAsked(true)} aria-label={`Remove ${signer.name}`}>
                Remove
              </Button>
            )}
          </Group>
          {remove.error && <ProblemNote problem={remove.error} />}
        </td>
      )}
    </tr>
  );
}
