import { type ReactNode, useEffect, useRef, useState } from "react";
import classes from "./uploads.module.css";

function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** Takes files that are dropped anywhere on the page, and shows while they hang over it that it would. */
export function DropAnywhere({
  onFiles,
  children,
}: {
  onFiles: (files: File[]) => void;
  children: ReactNode;
}) {
  const [over, setOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    // A drag enters and leaves every element on its way; only the balance says whether it is over the page.
    let inside = 0;
    const onEnter = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      inside += 1;
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      inside = Math.max(0, inside - 1);
      if (inside === 0) setOver(false);
    };
    const onOver = (event: DragEvent) => {
      // Without this the browser would open the file in the place of the page.
      if (holdsFiles(event)) event.preventDefault();
    };
    const onDrop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      inside = 0;
      setOver(false);
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    const listeners = { dragenter: onEnter, dragleave: onLeave, dragover: onOver, drop: onDrop } as const;
    for (const [name, listener] of Object.entries(listeners)) {
      window.addEventListener(name as keyof typeof listeners, listener);
    }
    return () => {
      for (const [name, listener] of Object.entries(listeners)) {
        window.removeEventListener(name as keyof typeof listeners, listener);
      }
    };
  }, []);
  return (
    <>
      {children}
      {over && (
        <div className={classes.over} role="presentation">
          <span>Let go to send these reports</span>
        </div>
      )}
    </>
  );
}

/** The button that opens the browser's own choice of files; dropping is what `DropAnywhere` does. */
export function FilesButton({ disabled, onFiles }: { disabled: boolean; onFiles: (files: File[]) => void }) {
  return (
    <label className={`${classes.zone} ${disabled ? classes.zoneOff : ""}`}>
      <input
        type="file"
        multiple
        disabled={disabled}
        className="spoken"
        data-autofocus=""
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          // The same file again is a change only to an empty field.
          event.currentTarget.value = "";
        }}
      />
      <span>
        <strong>Choose files</strong> or drop them here
      </span>
      <span className="soft">Reports and SBOMs as JSON, XML or text, also in .gz and .zip</span>
    </label>
  );
}
