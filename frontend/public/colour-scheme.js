// Runs before the first paint, so that a dark screen never flashes white. A file and not an inline
// script, because the content security policy refuses inline scripts.
(() => {
  let choice = "auto";
  try {
    choice = window.localStorage.getItem("plimsoll-colour-scheme") || "auto";
  } catch {
    // Storage can be refused by the browser; the system's scheme is the answer then.
  }
  const dark =
    choice === "dark" || (choice !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
