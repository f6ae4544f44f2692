import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { IMAGE_LIST } from "./imageList";

export function ImagesPage() {
  return (
    <PageFrame title="Images" fill says="Each image once by its digest, on however many hosts it is.">
      <Explorer definition={IMAGE_LIST} />
    </PageFrame>
  );
}
