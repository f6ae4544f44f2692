import { Button, Group, Modal, Stack } from "@mantine/core";
import { CopyButton } from "../../ui/copy";
import classes from "./notifications.module.css";

/** The key of a webhook, which nobody can read again. */
export function KeyShown({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      title="Copy the key now"
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="sm">
        <p>
          The receiver checks signatures with it, by Standard Webhooks. This is the only time that it is
          shown.
        </p>
        <code className={classes.key}>{text}</code>
        <Group gap="xs">
          <CopyButton text={text} label="Copy the key" />
          <Button onClick={onClose}>I have kept it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
