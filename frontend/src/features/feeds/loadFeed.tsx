import { Button, FileInput, Modal, Stack } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Feed } from "../../api/feeds";
import { asProblem, type Problem } from "../../api/problem";
import { sendForm } from "../../api/sendForm";
import { CopyBlock } from "../../ui/copy";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { plural, wholeText } from "../../ui/quantities";
import { SendingProgress } from "../../ui/sending";
import { ProblemNote } from "../../ui/states";

const FILES: Record<Feed["kind"], string> = {
  osv: "The ecosystem's all.zip, or advisories in OSV's format as JSON, one a line or in a zip",
  kev: "The catalogue as CISA publishes it, JSON or CSV",
  epss: "The scores of one day as FIRST publishes them, CSV or CSV in gzip",
};

/** Reads a feed from a file that was brought here, where nothing can be fetched. The dialog stays until it is read. */
export function LoadFeed({ feed, onClose }: { feed: Feed; onClose: () => void }) {
  const notices = useNotices();
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState(0);
  const [startedAt, setStartedAt] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const stopping = useRef<AbortController | null>(null);
  useEffect(() => () => stopping.current?.abort(), []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!file) return;
    const stop = new AbortController();
    stopping.current = stop;
    setProblem(null);
    setShare(0);
    setStartedAt(Date.now());
    try {
      const loaded = await sendForm<Feed>(
        `/feeds/${feed.id}/load`,
        file,
        {},
        { onProgress: setShare, signal: stop.signal },
      );
      notices.done(
        `${feed.name} was read: ${plural(loaded.entries, "entry", "entries")}, ${loaded.changed ? `${wholeText(loaded.changed)} of them new or changed` : "which change nothing here"}.`,
      );
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      stopping.current = null;
      setStartedAt(null);
      void client.invalidateQueries({ queryKey: ["/feeds"] });
    }
  };
  const busy = startedAt !== null;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={`Load ${feed.name} from a file`}
      closeOnClickOutside={!busy}
      closeOnEscape={!busy}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <FileInput
            label="File"
            description={FILES[feed.kind]}
            placeholder="choose one"
            required
            clearable
            data-autofocus
            disabled={busy}
            value={file}
            onChange={(picked) => {
              setFile(picked);
              setProblem(null);
            }}
            clearButtonProps={{ "aria-label": "Take the file off" }}
          />
          <div>
            <p className="soft">Where its publisher has it, to fetch it on another machine:</p>
            <CopyBlock text={feed.address} label="Copy the address" />
          </div>
          {file && busy && (
            <SendingProgress name={file.name} size={file.size} share={share} startedAt={startedAt} />
          )}
          {file && busy && share >= 1 && (
            <p className="soft">A large feed takes minutes to be read. It goes on if this page is left.</p>
          )}
          {problem && <ProblemNote problem={problem} />}
          <DialogFoot>
            <Button variant="default" onClick={onClose}>
              {busy && share >= 1 ? "Close" : "Cancel"}
            </Button>
            <Button type="submit" loading={busy} disabled={!file}>
              Load
            </Button>
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
