import { Autocomplete, Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { namesVulnerability, type Question } from "../../url/question";
import classes from "./affected.module.css";

const ECOSYSTEMS = [
  "apk",
  "cargo",
  "composer",
  "deb",
  "gem",
  "golang",
  "hex",
  "maven",
  "npm",
  "nuget",
  "pub",
  "pypi",
  "rpm",
  "swift",
];

/** One large field, and what narrows a package beside it. */
export function QuestionForm({
  asked,
  errors,
  onAsk,
}: {
  asked: Question;
  errors: Record<string, string>;
  onAsk: (question: Question) => void;
}) {
  const [question, setQuestion] = useState(asked);
  const put = (part: Partial<Question>) => setQuestion((before) => ({ ...before, ...part }));
  const isVulnerability = namesVulnerability(question.q);
  const isUrl = question.q.trim().startsWith("pkg:");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (question.q.trim()) onAsk(question);
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <div className={classes.ask}>
        <TextInput
          className={classes.field}
          size="lg"
          aria-label="CVE, another name of it, package URL or package"
          placeholder="CVE-2024-3094, pkg:deb/debian/xz-utils, openssl …"
          autoComplete="off"
          spellCheck={false}
          autoFocus={!asked.q}
          value={question.q}
          error={errors.q}
          onChange={(event) => put({ q: event.currentTarget.value })}
        />
        <Button type="submit" size="lg" disabled={!question.q.trim()}>
          Ask
        </Button>
      </div>
      <div className={classes.narrow}>
        <Autocomplete
          label="Ecosystem"
          description="Of a package, as package URLs name it"
          placeholder="any"
          data={ECOSYSTEMS}
          disabled={isVulnerability || isUrl}
          value={isVulnerability || isUrl ? "" : question.ecosystem}
          error={errors.ecosystem}
          onChange={(ecosystem) => put({ ecosystem })}
        />
        <TextInput
          label="Versions"
          description="Of a package, such as >=1.2,<2.0"
          placeholder="any"
          spellCheck={false}
          disabled={isVulnerability}
          value={isVulnerability ? "" : question.versions}
          error={errors.versions}
          onChange={(event) => put({ versions: event.currentTarget.value })}
        />
      </div>
    </form>
  );
}
