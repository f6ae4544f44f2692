"""One file per check; its place below this folder is its id."""
