import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  localStorageColorSchemeManager,
} from "@mantine/core";

export const colourSchemeManager = localStorageColorSchemeManager({ key: "plimsoll-colour-scheme" });

export const theme = createTheme({
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif',
  colors: {
    dark: [
      "#e8edf3",
      "#c3ccd6",
      "#9daab7",
      "#6b7786",
      "#2a323d",
      "#232b35",
      "#1c232c",
      "#171d25",
      "#0f1419",
      "#0a0e12",
    ],
    sea: [
      "#eef6f9",
      "#d9eaf1",
      "#b3d6e4",
      "#84c2dc",
      "#5bb5d9",
      "#2f8cb3",
      "#156788",
      "#0b4f6c",
      "#083f57",
      "#062f41",
    ],
  },
  primaryColor: "sea",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  // The accent is dark on light pages and light on dark ones, so what stands on it turns with it.
  variantColorResolver: (input) => {
    const usual = defaultVariantColorsResolver(input);
    if (input.variant !== "filled" || (input.color && input.color !== "sea")) return usual;
    return {
      ...usual,
      background: "var(--accent)",
      hover: "var(--accent-strong)",
      color: "var(--on-accent)",
    };
  },
  defaultRadius: 6,
  cursorType: "pointer",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  components: {
    Button: { defaultProps: { size: "xs", fw: 500 } },
    Checkbox: { defaultProps: { iconColor: "var(--on-accent)" } },
    TextInput: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 300, multiline: true, maw: 360 } },
    // Their headers are header elements, which would be a second banner of the page.
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.5 },
        attributes: { header: { role: "none" } },
      },
    },
    Drawer: { defaultProps: { attributes: { header: { role: "none" } } } },
  },
});

/** Mantine's own neutral colours follow our tokens, so that there is one place to change them. */
export const resolveVariables: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--panel)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-soft)",
    "--mantine-color-placeholder": "var(--ink-soft)",
    "--mantine-color-default": "var(--panel)",
    "--mantine-color-default-color": "var(--ink)",
    "--mantine-color-default-border": "var(--border)",
    "--mantine-color-default-hover": "var(--accent-soft)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-primary-color-filled-hover": "var(--accent-strong)",
    "--mantine-color-sea-filled-hover": "var(--accent-strong)",
    "--mantine-color-error": "var(--critical-ink)",
    "--mantine-color-disabled-color": "var(--ink-soft)",
    "--input-placeholder-color": "var(--ink-soft)",
  };
  return { variables: {}, light: shared, dark: shared };
};
