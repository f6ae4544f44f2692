import { Button, Modal, Select, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Decision, DecisionPreview, ScopeSuggestion } from "../../api/decisions";
import { useChange, useItem } from "../../api/hooks";
import type { Finding } from "../../api/types";
import { useMechanisms } from "../defences/mechanisms";
import { DialogFoot } from "../dialogFoot";
import { useNotices } from "../notices";
import { Loading, ProblemNote } from "../states";
import { PreviewPanel } from "./previewPanel";
import { newTerms, TermsInputs, termsOf } from "./termsInputs";

const EVERY = "";

/** Decide of one finding and of all like it: the scope outlives a rebuild, and what it would hide is shown first. */
export function DecideDialog({ finding, onClose }: { finding: Finding; onClose: () => void }) {
  const suggestion = useItem<ScopeSuggestion>("/decisions/suggestion", { finding: finding.id });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={`Decide: ${finding.title}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {suggestion.data ? (
        <DecideForm finding={finding} suggestion={suggestion.data} onClose={onClose} />
      ) : suggestion.error ? (
        <ProblemNote problem={suggestion.error} />
      ) : (
        <Loading what="where it is meant" rows={4} />
      )}
    </Modal>
  );
}

function DecideForm({
  finding,
  suggestion,
  onClose,
}: {
  finding: Finding;
  suggestion: ScopeSuggestion;
  onClose: () => void;
}) {
  const notices = useNotices();
  const [terms, setTerms] = useState(newTerms());
  const [where, setWhere] = useState(suggestion.repository ? "repository" : "asset");
  const [environment, setEnvironment] = useState(EVERY);
  const [narrow, setNarrow] = useState(EVERY);
  const hosts = useMechanisms("host");
  const containers = useMechanisms("container");
  const preview = useChange<DecisionPreview>();
  const make = useChange<Decision>(["/findings", "/hosts", "/images", "/containers", "/vulnerabilities"]);
  const fields = { ...preview.error?.fields, ...make.error?.fields };
  const body = () => ({
    ...termsOf(terms),
    vulnerability: suggestion.vulnerability,
    check: suggestion.check,
    finding_kind: suggestion.finding_kind,
    finding_key: suggestion.finding_key,
    ecosystem: suggestion.ecosystem,
    package: suggestion.package,
    repository: where === "repository" ? suggestion.repository : "",
    asset: where === "asset" ? (suggestion.asset?.id ?? finding.asset.id) : null,
    tag: where === "repository" && narrow.startsWith("tag:") ? narrow.slice(4) : "",
    digest: where === "repository" && narrow.startsWith("digest:") ? narrow.slice(7) : "",
    environment: environment === EVERY ? null : environment,
  });
  const look = async (event: FormEvent) => {
    event.preventDefault();
    make.reset();
    await preview
      .mutateAsync({ method: "POST", path: "/decisions/preview", body: body() })
      .catch(() => undefined);
  };
  const decide = async () => {
    try {
      const made = await make.mutateAsync({ method: "POST", path: "/decisions", body: body() });
      notices.done(
        made.state === "awaiting_approval"
          ? "It waits for a second person."
          : `It hides ${made.hides.value} ${made.hides.value === 1 ? "finding" : "findings"}.`,
        () => make.mutateAsync({ method: "POST", path: `/decisions/${made.id}/withdraw`, body: {} }),
      );
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  /** Another scope or other terms hide something else: what was shown no longer holds. */
  const changed = (change: () => void) => {
    change();
    preview.reset();
    make.reset();
  };
  const mechanisms = [...(hosts.mechanisms ?? []), ...(containers.mechanisms ?? [])].map((one) => ({
    value: one.id,
    label: one.title,
  }));
  const problem = make.error ?? preview.error;
  return (
    <form onSubmit={look}>
      <Stack gap="sm">
        <Select
          label="Where it is meant"
          data={[
            ...(suggestion.repository
              ? [{ value: "repository", label: `every image of ${suggestion.repository}` }]
              : []),
            { value: "asset", label: `only ${finding.asset.name}` },
            { value: "everywhere", label: "everywhere in the fleet" },
          ]}
          value={where}
          error={fields.repository ?? fields.asset}
          allowDeselect={false}
          onChange={(value) => changed(() => setWhere(value ?? "asset"))}
        />
        <Select
          label="Environment"
          description="An image that lies elsewhere too is hidden only if all its environments are meant"
          data={[
            { value: EVERY, label: "every environment" },
            ...suggestion.environments.map((known) => ({ value: known.slug, label: `only ${known.name}` })),
          ]}
          value={environment}
          error={fields.environment}
          allowDeselect={false}
          onChange={(value) => changed(() => setEnvironment(value ?? EVERY))}
        />
        {where === "repository" && (
          <Select
            label="Tag or digest"
            data={[
              { value: EVERY, label: "any, also of builds to come" },
              ...suggestion.tags.map((tag) => ({ value: `tag:${tag}`, label: `only the tag ${tag}` })),
              ...suggestion.digests.map((digest) => ({
                value: `digest:${digest}`,
                label: `only ${digest.slice(0, 19)}…`,
              })),
            ]}
            value={narrow}
            error={fields.digest ?? fields.tag}
            allowDeselect={false}
            onChange={(value) => changed(() => setNarrow(value ?? EVERY))}
          />
        )}
        <TermsInputs
          draft={terms}
          onChange={(draft) => changed(() => setTerms(draft))}
          mechanisms={mechanisms}
          fields={fields}
        />
        {preview.data && <PreviewPanel preview={preview.data} />}
        {problem && <ProblemNote problem={problem} />}
        <DialogFoot>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          {preview.data ? (
            <Button
              loading={make.isPending}
              color={preview.data.exploited > 0 ? "#b0123b" : undefined}
              onClick={() => void decide()}
            >
              {preview.data.needs_approval ? "Propose" : "Decide"}
            </Button>
          ) : (
            <Button type="submit" loading={preview.isPending}>
              Show what it would hide
            </Button>
          )}
        </DialogFoot>
      </Stack>
    </form>
  );
}
