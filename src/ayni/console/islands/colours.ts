// Two palettes, day and night: calm water, quiet land, colour only where somebody should look.

export interface Palette {
  sea: string; land: string; lake: string; coast: string; river: string; province: string; border: string; disputed: string;
  label: string; country: string; halo: string; port: string; tool: string;
  pending: string; validated: string; dismissed: string; silenced: string; retracted: string; ink: string; paper: string;
}

const DAY: Palette = {
  sea: "#dbe7ec", land: "#f4f3ee", lake: "#cfdfe6", coast: "#9db4bf", river: "#bdd2dc", province: "#d8d6cd", border: "#8d979b",
  disputed: "#a4682a", label: "#46545b", country: "#6a777d", halo: "#f6f6f2", port: "#3b7893",
  tool: "#7a2f8f", pending: "#b4540a", validated: "#20643f", dismissed: "#5f6c73", silenced: "#5f6c73", retracted: "#8b979d",
  ink: "#15232c", paper: "#ffffff",
};
const NIGHT: Palette = {
  sea: "#0d1a22", land: "#1c272d", lake: "#12222c", coast: "#3c5462", river: "#1f3947", province: "#2c383f", border: "#6d7f89",
  disputed: "#d9a45a", label: "#b6c4cb", country: "#8697a0", halo: "#10191f", port: "#6fb4d1",
  tool: "#d3a4ea", pending: "#f5ab62", validated: "#7fce9f", dismissed: "#93a2aa", silenced: "#93a2aa", retracted: "#6f7d85",
  ink: "#e3eaed", paper: "#0e1519",
};

const dark = matchMedia("(prefers-color-scheme: dark)");
/** Whether the page is dark: what the officer chose, or what the system says. */
export const isNight = (): boolean => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
};
export const palette = (): Palette => (isNight() ? NIGHT : DAY);
export const onThemeChange = (then: () => void): void => dark.addEventListener("change", then);
