import { Button } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Meta } from "../../api/types";
import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { useAddressValue } from "../../url/useView";
import { DropAnywhere } from "./dropping";
import { SendReports } from "./sendReports";
import { uploadList } from "./uploadList";
import { useSending } from "./useSending";

/** The reports of other tools, with what came of each; sent from here by those who may. */
export function UploadsPage() {
  const { can } = useSession();
  const maySend = can("reports.send");
  const [adding, setAdding] = useAddressValue("add");
  const meta = useItem<Meta>(maySend ? "/meta" : null);
  const sending = useSending(meta.data?.upload_max_bytes ?? null);
  const open = useCallback(() => setAdding("report", ["open"]), [setAdding]);
  const button = useMemo(() => maySend && <Button onClick={open}>Send reports</Button>, [maySend, open]);
  const list = useMemo(() => uploadList(button), [button]);
  const page = (
    <PageFrame
      title="Uploads"
      fill
      says="Reports and SBOMs of other tools that were sent here, and what came of each, the newest first."
      actions={button}
    >
      <Explorer definition={list} />
      {maySend && adding === "report" && <SendReports sending={sending} onClose={() => setAdding(null)} />}
    </PageFrame>
  );
  if (!maySend) return page;
  return (
    <DropAnywhere
      onFiles={(files) => {
        if (sending.sending) return;
        sending.add(files);
        if (adding !== "report") open();
      }}
    >
      {page}
    </DropAnywhere>
  );
}
