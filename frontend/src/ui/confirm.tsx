import { Button, Group, Modal, Stack } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { asProblem, type Problem } from "../api/problem";
import { ProblemNote } from "./states";

/** Asks once before something that cannot be undone, and says what it will touch. */
export function Confirm({
  opened,
  title,
  children,
  verb,
  disabled = false,
  onClose,
  onConfirm,
}: {
  opened: boolean;
  title: string;
  children: ReactNode;
  verb: string;
  disabled?: boolean;
  onClose: () => void;
  onConfirm: () => Promise<unknown>;
}) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const close = () => {
    setProblem(null);
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      <Stack gap="md">
        <div>{children}</div>
        {problem && <ProblemNote problem={problem} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            color="#b0123b"
            loading={busy}
            disabled={disabled}
            onClick={async () => {
              setBusy(true);
              setProblem(null);
              try {
                await onConfirm();
                close();
              } catch (error) {
                setProblem(asProblem(error));
              } finally {
                setBusy(false);
              }
            }}
          >
            {verb}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
