import { Button } from "@mantine/core";
import { useSession } from "../../api/session";
import { PasswordForm } from "./passwordForm";
import classes from "./session.module.css";

/** Stands before every page until the first password, which somebody else knows, was replaced. */
export function MustChangePassword() {
  const { me, setMe, logOut } = useSession();
  return (
    <main className={classes.centre}>
      <div className={classes.card}>
        <h1>Choose your own password</h1>
        <p className="soft">
          The password of {me.username} was set by someone else. Replace it to go on; the page you asked for
          comes next.
        </p>
        <PasswordForm onDone={() => setMe({ ...me, must_change_password: false })} />
        <Button variant="subtle" onClick={() => void logOut()}>
          Log out
        </Button>
      </div>
    </main>
  );
}
