import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { PACKAGE_LIST } from "./packageList";

export function PackagesPage() {
  return (
    <PageFrame
      title="Packages"
      fill
      says="Each version once, with the images that hold it and what is open in it."
    >
      <Explorer definition={PACKAGE_LIST} />
    </PageFrame>
  );
}
