import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { PageTabs } from "../../ui/tabs";
import { ENVIRONMENT } from "../../url/view";
import { ANSWER_LIST } from "./answers";
import { Pipeline } from "./pipeline";
import { Policies } from "./policies";

/** May this image be deployed there? What was asked and answered, by which policies, and how a pipeline asks. */
export function GatePage() {
  return (
    <PageFrame
      title="Gate"
      fill
      says="Pipelines ask here before they deploy an image; the policy of the environment decides."
    >
      <PageTabs
        fill
        label="Gate"
        keep={[ENVIRONMENT]}
        tabs={[
          { id: "answers", label: "Answers", content: <Explorer definition={ANSWER_LIST} /> },
          { id: "policies", label: "Policies", content: <Policies /> },
          { id: "pipeline", label: "In your pipeline", content: <Pipeline /> },
        ]}
      />
    </PageFrame>
  );
}
