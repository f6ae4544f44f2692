import { Button } from "@mantine/core";
import { Link } from "react-router";
import { useSession } from "../../api/session";
import { useCarry } from "../../url/scope";

/** Leads to the wizard that adds a node, for those who may. */
export function AddNodeButton() {
  const { can } = useSession();
  const to = useCarry();
  if (!can("nodes.change")) return null;
  return (
    <Button component={Link} to={to("/nodes", { add: "node" })}>
      Add a node
    </Button>
  );
}
