import { NativeSelect } from "@mantine/core";
import { useMemo } from "react";
import type { Query } from "../../api/client";
import type { Mechanism } from "../../api/defences";
import { useMechanisms } from "../../ui/defences/mechanisms";
import { StateLegend } from "../../ui/defences/states";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { Loading, ProblemNote } from "../../ui/states";
import { PageTabs } from "../../ui/tabs";
import { useAddressValue } from "../../url/useView";
import { ENVIRONMENT } from "../../url/view";
import classes from "./defences.module.css";
import { Differences } from "./differences";
import { LabelField } from "./labelField";
import { MatrixGroups } from "./matrixGroups";
import { COMPARED, containerMatrix, hostMatrix } from "./matrixLists";
import { MechanismCounts } from "./mechanismCounts";

interface Grouping {
  value: string;
  label: string;
}

const MECHANISM: Grouping = { value: "mechanism", label: "Mechanism" };
const HOST_GROUPINGS: Grouping[] = [
  MECHANISM,
  { value: "environment", label: "Environment" },
  { value: "distribution", label: "Distribution" },
  { value: "kernel", label: "Kernel" },
];
const CONTAINER_GROUPINGS: Grouping[] = [
  MECHANISM,
  { value: "environment", label: "Environment" },
  { value: "manager", label: "Manager" },
];

/** The matrix as an explorer, or the same rows counted: by mechanism, or by what they have in common. */
function Matrix<Row>({
  definition,
  mechanisms,
  groupings,
  labelled = false,
}: {
  definition: ListDefinition<Row>;
  mechanisms: Mechanism[];
  groupings: Grouping[];
  /** Whether the rows can be chosen by labels. */
  labelled?: boolean;
}) {
  const [asked, setGroup] = useAddressValue("group");
  const grouping = groupings.find((entry) => entry.value === asked);
  const shared = { path: definition.path, many: definition.many, mechanisms };
  const grouped = (query: Query) =>
    grouping === MECHANISM ? (
      <MechanismCounts {...shared} query={query} one={definition.one} />
    ) : (
      grouping && <MatrixGroups {...shared} query={query} by={grouping.value} heading={grouping.label} />
    );
  return (
    <Explorer
      definition={definition}
      toolbarExtra={
        <>
          {labelled && <LabelField />}
          <NativeSelect
            size="xs"
            className={classes.grouping}
            aria-label={`Group the ${definition.many} by`}
            value={grouping?.value ?? ""}
            onChange={(event) => setGroup(event.currentTarget.value || null, ["open", "cell", "ordering"])}
            data={[
              { value: "", label: `Each ${definition.one}` },
              ...groupings.map(({ value, label }) => ({ value, label: `By ${label.toLowerCase()}` })),
            ]}
          />
        </>
      }
      instead={grouping ? grouped : undefined}
      asks={
        grouping && {
          path: `${definition.path}/groups`,
          more: { by: grouping === MECHANISM ? "all" : grouping.value },
        }
      }
    />
  );
}

function MatrixTab({ kind }: { kind: Mechanism["kind"] }) {
  const { mechanisms, error, refetch } = useMechanisms(kind);
  const hosts = useMemo(() => mechanisms && hostMatrix(mechanisms), [mechanisms]);
  const containers = useMemo(() => mechanisms && containerMatrix(mechanisms), [mechanisms]);
  if (error && !mechanisms) return <ProblemNote problem={error} retry={() => void refetch()} />;
  if (!mechanisms || !hosts || !containers) return <Loading what="the matrix" />;
  return kind === "host" ? (
    <Matrix definition={hosts} mechanisms={mechanisms} groupings={HOST_GROUPINGS} labelled />
  ) : (
    <Matrix definition={containers} mechanisms={mechanisms} groupings={CONTAINER_GROUPINGS} />
  );
}

export function DefencesPage() {
  return (
    <PageFrame
      title="Kernel defences"
      fill
      says="What stands between an attacker and the kernel, as the kernel has it."
      actions={
        <div className={classes.legend}>
          <StateLegend />
        </div>
      }
    >
      <PageTabs
        fill
        label="Kernel defences"
        keep={[ENVIRONMENT]}
        tabs={[
          { id: "hosts", label: "Hosts × mechanisms", content: <MatrixTab kind="host" /> },
          { id: "containers", label: "Containers × restrictions", content: <MatrixTab kind="container" /> },
          {
            id: "differences",
            label: "Differences",
            content: (
              <Explorer
                definition={COMPARED}
                toolbarExtra={<LabelField />}
                instead={(query) => <Differences query={query} />}
                asks={{ path: `${COMPARED.path}/divergence` }}
              />
            ),
          },
        ]}
      />
    </PageFrame>
  );
}
