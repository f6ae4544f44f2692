import { Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { useItem } from "../../api/hooks";
import type {
  EnvironmentSignatures,
  ImageSignatures as Found,
  Provenance,
  Signature,
  SignatureOutcome,
} from "../../api/signatures";
import { Chip } from "../../ui/chips";
import { Moment } from "../../ui/moment";
import { Panel, pageClasses } from "../../ui/page";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { useScope } from "../../url/scope";

const OUTCOMES: Record<SignatureOutcome, { tone: "good" | "warn" | "bad" | "plain"; word: string }> = {
  verified: { tone: "good", word: "verified" },
  untrusted: { tone: "warn", word: "signed, not trusted" },
  unsigned: { tone: "bad", word: "unsigned" },
  not_measured: { tone: "plain", word: "not measured" },
};

function OutcomeChip({ outcome }: { outcome: SignatureOutcome }) {
  const { tone, word } = OUTCOMES[outcome];
  return <Chip tone={tone}>{word}</Chip>;
}

function TablePanel({
  title,
  aside,
  name,
  columns,
  children,
}: {
  title: string;
  aside: string;
  name: string;
  columns: string[];
  children: ReactNode;
}) {
  return (
    <Panel title={title} aside={aside}>
      <div className={pageClasses.frame}>
        <table className={pageClasses.table} aria-label={name}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    </Panel>
  );
}

function Verdicts({ rows }: { rows: EnvironmentSignatures[] }) {
  return (
    <TablePanel
      title="By environment"
      aside="each trusts its own signers"
      name="Signatures by environment"
      columns={["Environment", "Outcome", "Signed by", "Since"]}
    >
      {rows.map((row) => (
        <tr key={row.environment?.id ?? 0}>
          <td>{row.environment?.name ?? <span className="soft">every environment</span>}</td>
          <td>
            <OutcomeChip outcome={row.outcome} />
            {row.reason && <div className="soft">{row.reason}</div>}
          </td>
          <td>{row.signers.join(", ") || <span className="soft">nobody trusted</span>}</td>
          <td>
            <Moment at={row.since} />
          </td>
        </tr>
      ))}
    </TablePanel>
  );
}

function Signatures({ rows }: { rows: Signature[] }) {
  return (
    <TablePanel
      title="Signatures and attestations"
      aside="as the registry keeps them"
      name="Signatures"
      columns={["Kind", "Signer", "Verified", "Signed"]}
    >
      {rows.map((row, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two signatures may say the same, and none ever moves
        <tr key={place}>
          <td>
            {row.kind.replaceAll("_", " ")}
            {row.predicate_type && <div className="soft">{row.predicate_type}</div>}
          </td>
          <td>
            {row.signer || row.subject || <span className="soft">not named</span>}
            {row.issuer && <div className="soft">{row.issuer}</div>}
          </td>
          <td>
            <Chip tone={row.verified ? "good" : "warn"}>{row.verified ? "yes" : "no"}</Chip>
            {row.reason && <div className="soft">{row.reason}</div>}
          </td>
          <td>
            <Moment at={row.signed_at} never="not told" />
          </td>
        </tr>
      ))}
    </TablePanel>
  );
}

function Provenances({ rows }: { rows: Provenance[] }) {
  return (
    <TablePanel
      title="Provenance"
      aside="who says how it was built"
      name="Provenance"
      columns={["Builder", "Source", "Signed by", "Built"]}
    >
      {rows.map((row, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two may say the same, and none ever moves
        <tr key={place}>
          <td>{row.builder || <span className="soft">not named</span>}</td>
          <td>
            {row.source || <span className="soft">not told</span>}
            {row.revision && <div className="soft">{row.revision}</div>}
          </td>
          <td>
            {row.signer || <span className="soft">nobody</span>}{" "}
            <Chip tone={row.verified ? "good" : "warn"}>{row.verified ? "verified" : "not verified"}</Chip>
          </td>
          <td>
            <Moment at={row.built_at} never="not told" />
          </td>
        </tr>
      ))}
    </TablePanel>
  );
}

/** Who signed the image, by which environment that is trusted, and which registry was asked. */
export function ImageSignatures({ id }: { id: string }) {
  const { asOf } = useScope();
  const query = useItem<Found>(`/images/${id}/signatures`, { as_of: asOf });
  if (query.error && !query.data) {
    return <ProblemNote problem={query.error} retry={() => void query.refetch()} />;
  }
  if (!query.data) return <Loading what="signatures" />;
  const { environments, sources, outcome, reason } = query.data;
  if (environments.length === 0) {
    return (
      <Empty title={`Signatures: ${OUTCOMES[outcome].word}`}>
        {sentence(reason || "no registry was asked about this image")} Register its registry as a node to have
        it looked up.
      </Empty>
    );
  }
  // Every environment judges the same documents; what is verified anywhere is shown as verified.
  const fullest = [...environments].sort((a, b) => verifiedIn(b) - verifiedIn(a))[0];
  return (
    <Stack gap="md">
      <Verdicts rows={environments} />
      {fullest && fullest.signatures.length > 0 && <Signatures rows={fullest.signatures} />}
      {fullest && fullest.provenance.length > 0 && <Provenances rows={fullest.provenance} />}
      <Panel title="Where it was looked up">
        <ul>
          {sources.map((source) => (
            <li key={`${source.node?.id} ${source.name}`}>
              {source.name} at {source.node?.name ?? "a node that is gone"}
              {source.problem && <span className="soft">: {source.problem}</span>}
              <span className="soft">
                {" "}
                read <Moment at={source.checked_at} never="never" />
              </span>
            </li>
          ))}
        </ul>
      </Panel>
    </Stack>
  );
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${reason.endsWith(".") ? "" : "."}`;
}

function verifiedIn(row: EnvironmentSignatures): number {
  return row.signatures.filter((signature) => signature.verified).length;
}
