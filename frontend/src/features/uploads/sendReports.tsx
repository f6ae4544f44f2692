import { Button, CloseButton, Modal, Progress, Stack } from "@mantine/core";
import { useState } from "react";
import { Chip } from "../../ui/chips";
import { useNow } from "../../ui/clock";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { bytesText, plural, shareText, spanText } from "../../ui/quantities";
import { type AboutChoice, AboutInputs, aboutFields } from "./aboutInputs";
import { FilesButton } from "./dropping";
import classes from "./uploads.module.css";
import type { Picked, useSending } from "./useSending";

/** How far a file is, how fast it goes and how long it may still take: `42 % · 1.2 MiB a second · about 8 s left`. */
export function sendingText(size: number, share: number, seconds: number): string {
  if (share >= 1) return "sent, being taken in";
  const parts = [shareText(share)];
  if (share > 0 && seconds >= 2) {
    const rate = (size * share) / seconds;
    parts.push(`${bytesText(rate)} a second`, `about ${spanText((size * (1 - share)) / rate)} left`);
  }
  return parts.join(" · ");
}

function PickedFile({ one, onRemove }: { one: Picked; onRemove: (() => void) | null }) {
  const now = useNow();
  const { file, problem } = one;
  const seconds = one.startedAt === null ? 0 : (now - one.startedAt) / 1000;
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
        <>
          <Progress
            value={100 * one.share}
            striped={one.share >= 1}
            aria-label={`Progress of sending ${file.name}`}
          />
          <span className="soft">{sendingText(file.size, one.share, seconds)}</span>
        </>
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
