import type { ReactNode } from "react";
import type { Upload } from "../../api/uploads";
import { useNow } from "../../ui/clock";
import type { ListDefinition } from "../../ui/explorer/definition";
import { Moment } from "../../ui/moment";
import { bytesText, durationText, wholeText } from "../../ui/quantities";
import { UploadDrawer } from "./uploadDrawer";
import { About, resultText, senderText, tookSeconds, UploadChip, uploadIsLive } from "./uploadParts";

function Took({ upload }: { upload: Upload }) {
  const now = useNow();
  return durationText(tookSeconds(upload, now));
}

/** `send` is the button that sends reports, for those who may. */
export function uploadList(send: ReactNode): ListDefinition<Upload> {
  return {
    path: "/uploads",
    one: "upload",
    many: "uploads",
    id: (upload) => String(upload.id),
    name: (upload) => upload.file_name,
    search: true,
    past: false,
    usualOrdering: "-uploaded_at",
    columns: [
      { id: "file", label: "File", width: 160, cell: (upload) => upload.file_name },
      { id: "state", label: "State", cell: (upload) => <UploadChip upload={upload} /> },
      {
        id: "uploaded",
        label: "Sent",
        orderings: ["-uploaded_at", "uploaded_at"],
        cell: (upload) => <Moment at={upload.uploaded_at} />,
      },
      { id: "took", label: "Took", numeric: true, cell: (upload) => <Took upload={upload} /> },
      { id: "reader", label: "Read as", cell: (upload) => upload.reader || <span className="soft">–</span> },
      {
        id: "images",
        label: "Images",
        numeric: true,
        cell: (upload) => resultText(upload, upload.images),
      },
      {
        id: "findings",
        label: "Findings",
        numeric: true,
        cell: (upload) => resultText(upload, upload.findings),
      },
      {
        id: "opened",
        label: "Opened",
        numeric: true,
        cell: (upload) => resultText(upload, upload.opened),
      },
      {
        id: "resolved",
        label: "Resolved",
        numeric: true,
        cell: (upload) => resultText(upload, upload.resolved),
      },
      { id: "about", label: "About", usual: false, cell: (upload) => <About upload={upload} /> },
      { id: "sender", label: "Sent by", cell: senderText },
      {
        id: "size",
        label: "Size",
        orderings: ["-size_bytes"],
        numeric: true,
        cell: (upload) => bytesText(upload.size_bytes),
      },
      {
        id: "reopened",
        label: "Reopened",
        numeric: true,
        usual: false,
        cell: (upload) => resultText(upload, upload.reopened),
      },
      {
        id: "skipped",
        label: "Skipped",
        numeric: true,
        usual: false,
        cell: (upload) => wholeText(upload.skipped_total),
      },
      {
        id: "error",
        label: "Error",
        usual: false,
        cell: (upload) => upload.error || <span className="soft">–</span>,
      },
      {
        id: "digest",
        label: "SHA-256",
        usual: false,
        cell: (upload) => <code title={upload.digest}>{upload.digest.slice(0, 12) || "–"}</code>,
      },
    ],
    filters: [
      { name: "state", label: "State" },
      { name: "source", label: "Sent by" },
    ],
    drawer: (id, row) => <UploadDrawer id={id} row={row} />,
    refresh: (rows) => (rows.some(uploadIsLive) ? 1500 : 15_000),
    nothing: {
      title: "No report was sent yet",
      words:
        "What another tool found in an image or on a host, in any of the formats that are read, becomes findings here: sent from this page, by POST to /api/v1/uploads, with manage.py import, or through the drop folder.",
      action: send,
    },
  };
}
