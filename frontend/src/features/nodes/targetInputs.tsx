import { Radio, Stack, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { NodeKind } from "../../api/types";
import { ContainerIcon, HostIcon, ImageIcon } from "../../ui/icons";
import { useCarry } from "../../url/scope";
import { type Draft, EMPTY_DRAFT, LOCAL, schemeOf, type Way } from "./draft";
import { HostOptions } from "./hostOptions";
import classes from "./nodes.module.css";

interface Choice<Value extends string> {
  value: Value;
  title: string;
  words: ReactNode;
  icon?: ReactNode;
}

const KINDS: Choice<NodeKind>[] = [
  {
    value: "docker",
    title: "Docker or Podman engine",
    words: "Containers, images and settings, as the engine's API tells them.",
    icon: <ContainerIcon size={18} />,
  },
  {
    value: "probe",
    title: "Host probe",
    words: "The host beneath: kernel, security modules, runtimes, and what confines each container in fact.",
    icon: <HostIcon size={18} />,
  },
  {
    value: "registry",
    title: "Registry",
    words: "Signatures, attestations and provenance of the images that the fleet runs from there.",
    icon: <ImageIcon size={18} />,
  },
];

const WAYS: Choice<Way>[] = [
  {
    value: "local",
    title: "This machine",
    words: "The server reads the machine that its workers run on; nothing is installed.",
  },
  {
    value: "ssh",
    title: "Over SSH",
    words: "The probe is piped to Python on the host, which needs nothing else; nothing is written there.",
  },
  {
    value: "https",
    title: "Agent",
    words: "A service on the host answers over TLS; its token opens the probe's answer and nothing else.",
  },
];

const EXAMPLES = [
  ["unix:///var/run/docker.sock", "this server's own engine"],
  ["tcp://host:2376", "an engine over the network, with certificates"],
  ["ssh://user@host", "an engine over SSH, with a key"],
];

/** A choice of which each option needs a sentence. */
function Choices<Value extends string>({
  label,
  choices,
  value,
  error,
  focused = false,
  onChange,
}: {
  label: string;
  choices: Choice<Value>[];
  value: Value;
  error?: string;
  /** Whether the dialog begins here. */
  focused?: boolean;
  onChange: (value: Value) => void;
}) {
  return (
    <Radio.Group label={label} value={value} error={error} onChange={(next) => onChange(next as Value)}>
      <div className={classes.choices}>
        {choices.map((choice) => (
          <Radio.Card
            key={choice.value}
            value={choice.value}
            className={classes.choice}
            data-autofocus={(focused && choice.value === value) || undefined}
          >
            <span className={classes.choiceHead}>
              {choice.icon}
              <strong>{choice.title}</strong>
              <Radio.Indicator size="xs" iconColor="var(--on-accent)" className={classes.dot} />
            </span>
            <span className="soft">{choice.words}</span>
          </Radio.Card>
        ))}
      </div>
    </Radio.Group>
  );
}

function EngineAddress({ draft, error, onChange }: AddressProps) {
  return (
    <>
      <TextInput
        label="Address of the engine"
        description="Docker, or Podman with its Docker-compatible socket"
        placeholder="tcp://host:2376"
        required
        data-autofocus
        autoComplete="off"
        spellCheck={false}
        value={draft.address}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {schemeOf(draft.address) === null && (
        <ul className={classes.examples}>
          {EXAMPLES.map(([example, meaning]) => (
            <li key={example}>
              <code>{example}</code> <span className="soft">{meaning}</span>
            </li>
          ))}
        </ul>
      )}
      {schemeOf(draft.address) === "tcp" && (
        <p className="soft">
          An engine that listens without TLS hands root to everyone who reaches its port.
        </p>
      )}
    </>
  );
}

function HostAddress({ draft, error, onChange }: AddressProps) {
  const to = useCarry();
  if (draft.way === "local") {
    return (
      <p className="soft">
        Its address is <code>{LOCAL}</code>. What the workers' user may not see is listed as “needs root”.
      </p>
    );
  }
  const isAgent = draft.way === "https";
  return (
    <>
      <TextInput
        label={isAgent ? "Address of the agent" : "Address of the host"}
        placeholder={isAgent ? "https://host:7443" : "ssh://user@host"}
        required
        autoComplete="off"
        spellCheck={false}
        value={draft.address}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {isAgent && (
        <p className="soft">
          Enrolment does all of this by itself: the host makes certificate and token and becomes a node.{" "}
          <Link to={to("/nodes/enrolment", { add: "token" })}>Enrol a host</Link>
        </p>
      )}
    </>
  );
}

function RegistryAddress({ draft, error, onChange }: AddressProps) {
  return (
    <>
      <TextInput
        label="Address of the registry"
        description="Docker Hub, or any registry that speaks the distribution API"
        placeholder="https://registry.example/namespace"
        required
        autoComplete="off"
        spellCheck={false}
        value={draft.address}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <p className="soft">
        Docker Hub is <code>https://docker.io</code>. With a namespace, only images below it are looked up.
      </p>
    </>
  );
}

interface AddressProps {
  draft: Draft;
  error?: string | null;
  onChange: (address: string) => void;
}

const ADDRESSES: Record<NodeKind, (props: AddressProps) => ReactNode> = {
  docker: EngineAddress,
  probe: HostAddress,
  registry: RegistryAddress,
};

/** What is pulled and where it is; for what is reached over SSH also how the host is read. */
export function TargetInputs({
  draft,
  errors,
  onChange,
}: {
  draft: Draft;
  errors: Record<string, string>;
  onChange: (change: Partial<Draft>) => void;
}) {
  // A pinned key belongs to one address.
  const move = (change: Partial<Draft>) => onChange({ ...change, hostKey: null, hostKeyConfirmed: false });
  const begun = schemeOf(draft.address);
  const Address = ADDRESSES[draft.kind];
  const props = { draft, error: errors.address, onChange: (address: string) => move({ address }) };
  return (
    <Stack gap="md">
      <Choices
        label="What is pulled"
        choices={KINDS}
        value={draft.kind}
        error={errors.kind}
        onChange={(kind) => {
          const keeps = begun === "ssh" && kind !== "registry";
          // What lies beside an image changes seldom, and registries count what they are asked.
          const intervalSeconds = kind === "registry" ? 3600 : EMPTY_DRAFT.intervalSeconds;
          move({ kind, intervalSeconds, ...(keeps ? { way: "ssh" } : { address: "" }) });
        }}
      />
      {draft.kind === "probe" && (
        <Choices
          label="How the host is reached"
          choices={WAYS}
          focused
          value={draft.way}
          onChange={(way) => move(begun === way ? { way } : { way, address: "" })}
        />
      )}
      <Stack gap="xs">
        <Address {...props} />
      </Stack>
      {(draft.kind === "docker" || draft.way === "ssh") && (
        <HostOptions draft={draft} errors={errors} onChange={onChange} />
      )}
    </Stack>
  );
}
