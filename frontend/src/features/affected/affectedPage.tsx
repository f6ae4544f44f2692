import { useLocation, useNavigate } from "react-router";
import type { Affected } from "../../api/affected";
import { useItem } from "../../api/hooks";
import { CopyButton } from "../../ui/copy";
import { PageFrame } from "../../ui/page";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { curlText } from "../../url/apiCall";
import { askable, questionSearch, readQuestion } from "../../url/question";
import { useScope } from "../../url/scope";
import classes from "./affected.module.css";
import { AnswerTables } from "./answer";
import { QuestionForm } from "./questionForm";
import { VerdictPanel } from "./verdict";

function Examples() {
  return (
    <Empty title="Ask for a vulnerability or a package">
      <ul className={classes.examples}>
        <li>
          <code>CVE-2021-44228</code>, or another name of it: <code>GHSA-jfh8-c2jp-5v3q</code>,{" "}
          <code>RHSA-2024:0001</code>
        </li>
        <li>
          <code>pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1</code>, a package URL, with a version or
          without
        </li>
        <li>
          <code>openssl</code>, a package by its name, with versions such as <code>{">=3.0,<3.0.7"}</code>
        </li>
      </ul>
      <p>
        The answer comes from the packages that are stored of every image: nothing is scanned, so it is there
        at once, and for any past date too.
      </p>
    </Empty>
  );
}

/** Are we affected? The question is the address, so that an answer can be passed on. */
export function AffectedPage() {
  const { search } = useLocation();
  const navigate = useNavigate();
  const { asOf, environment } = useScope();
  const question = askable(readQuestion(search));
  const query = { ...question, environment, as_of: asOf };
  const answer = useItem<Affected>(question.q ? "/affected" : null, query);
  return (
    <PageFrame
      title="Are we affected?"
      says="Which images hold a vulnerable package and where they run, by what is stored of them."
      actions={
        question.q && (
          <CopyButton text={curlText(window.location.origin, "/affected", query)} label="As API call" />
        )
      }
    >
      <QuestionForm
        // Another question by a link, the palette or the way back is another start of the form.
        key={questionSearch(question, "")}
        asked={question}
        errors={answer.error?.fields ?? {}}
        onAsk={(next) => navigate({ search: questionSearch(next, window.location.search) })}
      />
      {!question.q ? (
        <Examples />
      ) : answer.data ? (
        <>
          {answer.error && <ProblemNote problem={answer.error} retry={() => void answer.refetch()} />}
          <VerdictPanel answer={answer.data} asked={question.q} isNarrowed={environment !== null} />
          <AnswerTables answer={answer.data} />
        </>
      ) : answer.error ? (
        <ProblemNote
          problem={answer.error}
          retry={answer.error.status === 400 ? undefined : () => void answer.refetch()}
        />
      ) : (
        <Loading what="the answer" rows={6} />
      )}
    </PageFrame>
  );
}
