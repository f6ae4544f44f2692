import { Button, CloseButton, Modal, Stack } from "@mantine/core";
import { useState } from "react";
import { Chip } from "../../ui/chips";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { bytesText, plural } from "../../ui/quantities";
import { SendingProgress } from "../../ui/sending";
import { type AboutChoice, AboutInputs, aboutFields } from "./aboutInputs";
import { FilesButton } from "./dropping";
import classes from "./uploads.module.css";
import type { Picked, useSending } from "./useSending";

function PickedFile({ one, onRemove }: { one: Picked; onRemove: (() => void) | null }) {
  const { file, problem } = one;
  return (
    <li className={classes.file}>
      <div className={classes.fileLine}>
        <span className={classes.fileName}>{file.name}</span>
        <span className="soft">{bytesText(file.size)}</span>
        {one.state === "sent" && <Chip tone="good">sent</Chip>}
        {one.state === "refused" && <Chip tone="bad">not sent</Chip>}
        {onRemove && (
          <CloseButton size="sm" aria-label={`Take ${file.name} off the list`} onClick={onRemove} />
        )}
      </div>
      {one.state === "sending" && (
        <SendingProgress name={file.name} size={file.size} share={one.share} startedAt={one.startedAt} />
      )}
      {problem && (
        <span className={classes.why}>
          {[problem.detail || problem.title, ...Object.values(problem.fields), problem.hint]
            .filter(Boolean)
            .join(" ")}
        </span>
      )}
    </li>
  );
}

/** Sends files, each with its progress; the dialog stays while one of them was refused. */
export function SendReports({
  sending,
  onClose,
}: {
  sending: ReturnType<typeof useSending>;
  onClose: () => void;
}) {
  const notices = useNotices();
  const [about, setAbout] = useState<AboutChoice>({ kind: "itself", value: null });
  const { picked } = sending;
  const waiting = picked.filter((one) => one.state === "waiting").length;
  const close = () => {
    sending.stop();
    sending.clear();
    onClose();
  };
  const submit = async () => {
    const { sent, refused } = await sending.send(aboutFields(about));
    if (sent > 0)
      notices.done(`${plural(sent, "report was", "reports were")} sent. Each is read in its turn.`);
    if (refused === 0) close();
  };
  return (
    <Modal
      opened
      onClose={close}
      title="Send reports"
      size="lg"
      closeOnClickOutside={picked.length === 0}
      closeOnEscape={!sending.sending}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack gap="md">
          <FilesButton disabled={sending.sending} onFiles={sending.add} />
          {picked.length > 0 && (
            <ul className={classes.files} aria-label="Files">
              {picked.map((one) => (
                <PickedFile
                  key={one.key}
                  one={one}
                  onRemove={sending.sending || one.state === "sent" ? null : () => sending.remove(one.key)}
                />
              ))}
            </ul>
          )}
          <AboutInputs about={about} disabled={sending.sending} onChange={setAbout} />
          <DialogFoot>
            <Button variant="default" onClick={sending.sending ? sending.stop : close}>
              {sending.sending ? "Stop" : waiting > 0 || picked.length === 0 ? "Cancel" : "Close"}
            </Button>
            <Button
              type="submit"
              loading={sending.sending}
              disabled={waiting === 0 || (about.kind !== "itself" && !about.value)}
            >
              {waiting > 1 ? `Send ${waiting} files` : "Send"}
            </Button>
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
