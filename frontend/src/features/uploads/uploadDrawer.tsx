import { Button, Group, Stack } from "@mantine/core";
import { useChange, useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Upload, UploadDetail } from "../../api/uploads";
import { useNow } from "../../ui/clock";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Facts } from "../../ui/page";
import { SkippedPanel } from "../../ui/panels/skipped";
import { bytesText, durationText } from "../../ui/quantities";
import { Loading, ProblemNote } from "../../ui/states";
import { About, resultText, senderText, tookSeconds, UploadChip, uploadIsLive } from "./uploadParts";
import classes from "./uploads.module.css";

/** One report: what came of it, and of what nothing came. */
export function UploadDrawer({ id, row }: { id: string; row: Upload | undefined }) {
  const { can } = useSession();
  const notices = useNotices();
  const now = useNow();
  const change = useChange<UploadDetail>();
  const item = useItem<UploadDetail>(
    `/uploads/${id}`,
    {},
    { refresh: (upload) => (upload && uploadIsLive(upload) ? 1500 : false) },
  );
  const upload: Upload | undefined = item.data ?? row;
  if (!upload) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the upload" />;
  const live = uploadIsLive(upload);
  const cancel = async () => {
    try {
      await change.mutateAsync({ method: "POST", path: `/uploads/${id}/cancel` });
      notices.done(
        upload.state === "queued"
          ? `${upload.file_name} is not read.`
          : `The reading of ${upload.file_name} stops after the image that it is at.`,
      );
    } catch (error) {
      notices.failed("The upload was not cancelled", error);
    }
  };
  return (
    <Stack gap="md">
      <div className={classes.heading}>
        <h1>{upload.file_name}</h1>
        <span aria-live="polite">
          <UploadChip upload={upload} />
        </span>
      </div>
      {upload.error && (
        <p className={upload.state === "failed" ? classes.error : classes.note}>{upload.error}</p>
      )}
      {upload.state === "queued" && !upload.cancel_requested && (
        <p className="soft">Waiting for a free worker.</p>
      )}
      {live && can("reports.send") && (
        <Group>
          <Button
            variant="default"
            loading={change.isPending}
            disabled={upload.cancel_requested}
            onClick={cancel}
          >
            {upload.cancel_requested ? "Cancelling …" : "Cancel"}
          </Button>
        </Group>
      )}
      <Facts
        facts={[
          ["Read as", upload.reader],
          ["About", <About key="about" upload={upload} />],
          ["Images", resultText(upload, upload.images)],
          ["Findings", resultText(upload, upload.findings)],
          ["Opened", resultText(upload, upload.opened)],
          ["Reopened", resultText(upload, upload.reopened)],
          ["Resolved", resultText(upload, upload.resolved)],
          ["Sent by", senderText(upload)],
          ["Sent", <Moment key="sent" at={upload.uploaded_at} />],
          ["Started", <Moment key="started" at={upload.started_at} never="not yet" />],
          ["Took", durationText(tookSeconds(upload, now))],
          ["Size", bytesText(upload.size_bytes)],
        ]}
      />
      <Facts wide facts={[["SHA-256 of the file", <code key="digest">{upload.digest}</code>]]} />
      {item.data ? (
        <SkippedPanel items={item.data.skipped} total={item.data.skipped_total} />
      ) : (
        upload.skipped_total > 0 && <Loading what="what was skipped" rows={3} />
      )}
    </Stack>
  );
}
