import type { SkippedItem } from "../../api/uploads";
import { Panel, pageClasses } from "../page";
import { wholeText, wordsOf } from "../quantities";

/** What could not be read, each with its place and the reason; nothing when all of it could. */
export function SkippedPanel({ items, total }: { items: SkippedItem[]; total: number }) {
  if (total === 0) return null;
  return (
    <Panel
      title={`Skipped ${wholeText(total)}`}
      aside={total > items.length ? `the first ${wholeText(items.length)} are listed` : undefined}
    >
      <div className={pageClasses.frame}>
        <table className={pageClasses.table}>
          <thead>
            <tr>
              <th scope="col">Kind</th>
              <th scope="col">Which</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same may be skipped twice, and the list never changes
              <tr key={index}>
                <td>{wordsOf(item.kind)}</td>
                <td>
                  <code>{item.where}</code>
                </td>
                <td>{item.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
