import { Button, Modal, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Feed } from "../../api/feeds";
import { useChange } from "../../api/hooks";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { spanText } from "../../ui/quantities";
import { ProblemNote } from "../../ui/states";

const INTERVALS = [
  { value: "3600", label: "every hour" },
  { value: "21600", label: "every 6 hours" },
  { value: "43200", label: "every 12 hours" },
  { value: "86400", label: "every day" },
  { value: "604800", label: "every week" },
];

/** The intervals to choose from, with the one that is set when it is none of the usual ones. */
export function intervalsWith(seconds: number) {
  const value = String(seconds);
  if (INTERVALS.some((known) => known.value === value)) return INTERVALS;
  return [{ value, label: `every ${spanText(seconds)}` }, ...INTERVALS];
}

export function ChangeFeed({
  feed,
  onClose,
  onAwait,
}: {
  feed: Feed;
  onClose: () => void;
  onAwait: (feed: Feed) => void;
}) {
  const notices = useNotices();
  const [address, setAddress] = useState(feed.address);
  const [seconds, setSeconds] = useState(String(feed.interval_seconds));
  const change = useChange<Feed>();
  const fields = change.error?.fields ?? {};
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await change.mutateAsync({
        method: "PATCH",
        path: `/feeds/${feed.id}`,
        body: { address: address.trim(), interval_seconds: Number(seconds) },
      });
      if (feed.is_enabled) onAwait(feed);
      notices.done(`${feed.name} was changed.`);
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={`Change ${feed.name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Address"
            description="Of the same file on a mirror, where this server cannot reach the publisher"
            type="url"
            required
            data-autofocus
            spellCheck={false}
            value={address}
            error={fields.address}
            onChange={(event) => setAddress(event.currentTarget.value)}
          />
          <Select
            label="It is fetched"
            description={
              feed.is_enabled ? "And once now, with what is changed here" : "Once it is turned on: it is off"
            }
            data={intervalsWith(feed.interval_seconds)}
            value={seconds}
            error={fields.interval_seconds}
            onChange={(value) => setSeconds(value ?? seconds)}
            allowDeselect={false}
          />
          {change.error && <ProblemNote problem={change.error} />}
          <DialogFoot>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
