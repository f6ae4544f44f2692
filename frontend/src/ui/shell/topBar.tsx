import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import type { RefObject } from "react";
import { useNavigate } from "react-router";
import { useSession } from "../../api/session";
import { AutoIcon, MenuIcon, MoonIcon, SunIcon } from "../icons";
import { useNotices } from "../notices";
import { AsOfPicker } from "./asOf";
import { FreshnessLamp } from "./freshnessLamp";
import { ScopeSelect } from "./scopeSelect";
import { SearchField } from "./search";
import classes from "./shell.module.css";

const NEXT = { light: "dark", dark: "auto", auto: "light" } as const;
const SCHEME_ICONS = { light: <SunIcon />, dark: <MoonIcon />, auto: <AutoIcon /> };
const SCHEME_WORDS = { light: "light", dark: "dark", auto: "like the system" };

function ThemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Tooltip label={`Colours: ${SCHEME_WORDS[colorScheme]}`}>
      <ActionIcon
        variant="default"
        size={32}
        aria-label={`Colours are ${SCHEME_WORDS[colorScheme]}; switch to ${SCHEME_WORDS[NEXT[colorScheme]]}`}
        onClick={() => setColorScheme(NEXT[colorScheme])}
      >
        {SCHEME_ICONS[colorScheme]}
      </ActionIcon>
    </Tooltip>
  );
}

function MeMenu({ onHelp }: { onHelp: () => void }) {
  const { me, logOut } = useSession();
  const navigate = useNavigate();
  const notices = useNotices();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className={classes.control} aria-label={`Your account: ${me.username}`}>
          {me.username.slice(0, 12)}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.username}, {me.role}
        </Menu.Label>
        <Menu.Item onClick={() => navigate("/me")}>Profile and password</Menu.Item>
        <Menu.Item onClick={() => navigate("/tokens")}>API tokens</Menu.Item>
        <Menu.Item component="a" href="/api/v1/docs" target="_blank" rel="noopener">
          API documentation
        </Menu.Item>
        <Menu.Item onClick={onHelp}>Keyboard help</Menu.Item>
        <Menu.Divider />
        <Menu.Item
          onClick={() => logOut().catch((error) => notices.failed("You are still logged in", error))}
        >
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function TopBar({
  onMenu,
  onHelp,
  searchField,
}: {
  onMenu: () => void;
  onHelp: () => void;
  searchField: RefObject<HTMLInputElement | null>;
}) {
  return (
    <header className={classes.top}>
      <ActionIcon
        className={classes.burger}
        variant="default"
        size={32}
        aria-label="Open the navigation"
        onClick={onMenu}
      >
        <MenuIcon />
      </ActionIcon>
      <ScopeSelect />
      <AsOfPicker />
      <SearchField
        withPages={false}
        field={searchField}
        onGone={() => searchField.current?.blur()}
        label="Search hosts, images, CVEs, checks …"
      />
      <FreshnessLamp />
      <ThemeToggle />
      <MeMenu onHelp={onHelp} />
    </header>
  );
}
