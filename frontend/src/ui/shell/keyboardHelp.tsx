import { Modal } from "@mantine/core";
import { pageClasses } from "../page";

const KEYS: [keys: string, meaning: string][] = [
  ["/", "Search the fleet"],
  ["Ctrl K", "Go to a page or a thing by name"],
  ["j  k", "Next and previous row; with the panel open, walk through the rows"],
  ["Enter", "Open the row"],
  ["x", "Select the row, where rows can be selected"],
  ["h  l", "In the panel of a matrix, the mechanism before and after"],
  ["Esc", "Close the panel"],
  ["Ctrl click", "Open the row's page in a new tab"],
  ["?", "This help"],
];

export function KeyboardHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" closeButtonProps={{ "aria-label": "Close" }}>
      <table className={pageClasses.table}>
        <tbody>
          {KEYS.map(([keys, meaning]) => (
            <tr key={keys}>
              <td>
                <kbd>{keys}</kbd>
              </td>
              <td>{meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
