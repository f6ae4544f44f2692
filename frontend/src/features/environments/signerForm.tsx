import { Button, Modal, SegmentedControl, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { Environment, TrustedSigner } from "../../api/types";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";
import { linesOf } from "./environmentForm";

const EVERYWHERE = "";

/** Names somebody whose signatures count: by a public key, or by an identity. */
export function SignerForm({
  edited,
  environments,
  onClose,
}: {
  edited: TrustedSigner | null;
  environments: Environment[];
  onClose: () => void;
}) {
  const notices = useNotices();
  const [name, setName] = useState(edited?.name ?? "");
  const [kind, setKind] = useState<TrustedSigner["kind"]>(edited?.kind ?? "key");
  const [key, setKey] = useState(edited?.public_key ?? "");
  const [issuer, setIssuer] = useState(edited?.issuer ?? "");
  const [subject, setSubject] = useState(edited?.subject ?? "");
  const [environment, setEnvironment] = useState(
    edited?.environment ? String(edited.environment.id) : EVERYWHERE,
  );
  const [repositories, setRepositories] = useState(edited?.repositories.join("\n") ?? "");
  const change = useChange<TrustedSigner>(["/trusted-signers", "/images", "/findings"]);
  const fields = change.error?.fields ?? {};
  const isKey = kind === "key";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = {
      name,
      public_key: isKey ? key : "",
      issuer: isKey ? "" : issuer,
      subject: isKey ? "" : subject,
      environment: environment === EVERYWHERE ? null : Number(environment),
      repositories: linesOf(repositories),
    };
    try {
      await change.mutateAsync(
        edited
          ? { method: "PATCH", path: `/trusted-signers/${edited.id}`, body }
          : { method: "POST", path: "/trusted-signers", body },
      );
      notices.done(edited ? `${name} was changed.` : `${name} is trusted from now on.`);
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={edited ? `Change ${edited.name}` : "Trust a signer"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="What verified images are said to be signed by"
            required
            data-autofocus
            value={name}
            error={fields.name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <SegmentedControl
            aria-label="Known by"
            data={[
              { value: "key", label: "A public key" },
              { value: "identity", label: "An identity" },
            ]}
            value={kind}
            onChange={(value) => setKind(value as TrustedSigner["kind"])}
          />
          {isKey ? (
            <Textarea
              label="Public key"
              description="PEM, as in cosign.pub: ECDSA on P-256 or P-384, RSA, or Ed25519"
              placeholder="-----BEGIN PUBLIC KEY-----"
              required
              rows={5}
              spellCheck={false}
              value={key}
              error={fields.public_key}
              onChange={(event) => setKey(event.currentTarget.value)}
            />
          ) : (
            <>
              <TextInput
                label="Issuer"
                description="Who vouches for the identity, exactly"
                placeholder="https://token.actions.githubusercontent.com"
                required
                spellCheck={false}
                value={issuer}
                error={fields.issuer ?? fields.public_key}
                onChange={(event) => setIssuer(event.currentTarget.value)}
              />
              <TextInput
                label="Identity"
                description="An address or a workflow's URL; * stands for anything"
                placeholder="https://github.com/our-company/*"
                required
                spellCheck={false}
                value={subject}
                error={fields.subject}
                onChange={(event) => setSubject(event.currentTarget.value)}
              />
            </>
          )}
          <Select
            label="Trusted in"
            data={[
              { value: EVERYWHERE, label: "every environment" },
              ...environments.map((known) => ({ value: String(known.id), label: known.name })),
            ]}
            value={environment}
            error={fields.environment}
            allowDeselect={false}
            onChange={(value) => setEnvironment(value ?? EVERYWHERE)}
          />
          <Textarea
            label="May sign"
            description="Repositories, one a line, with * for anything, as in registry.example/shop/*. None: every repository."
            rows={3}
            spellCheck={false}
            value={repositories}
            error={fields.repositories}
            onChange={(event) => setRepositories(event.currentTarget.value)}
          />
          {change.error && <ProblemNote problem={change.error} />}
          <DialogFoot>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
