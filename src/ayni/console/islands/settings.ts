// What the page tells the island: addresses, words in the reader's language, what to show first.

export type Position = [number, number];
export type Collection = GeoJSON.FeatureCollection;

export interface Mark { shape: string; title: string; rules: string[] }
export interface PointLayer { id: string; title: string; address: string; fromZoom: number; approximate: string }

export interface Settings {
  language: "es" | "pt" | "en" | "fr";
  locale: string;
  tiles: string;
  worker: string;
  fonts: { latin: string; latinExt: string };
  viewpoint: string;
  signals: string;
  table: string;
  newArea: string;
  layers: PointLayer[];
  marks: Mark[];
  states: Record<string, string>;
  keep: Record<string, string>;
  at: string;
  trail: string;
  plan: Collection | null;
  words: Record<string, string>;
}

export const settings: Settings = JSON.parse(document.getElementById("map-settings")!.textContent!);
export const word = (name: string): string => settings.words[name] ?? name;

/** Fill the holes of a sentence: `{count} signals`. */
export const fill = (name: string, facts: Record<string, string | number>): string =>
  word(name).replace(/\{(\w+)\}/g, (_, hole: string) => String(facts[hole] ?? ""));

const clock = new Intl.DateTimeFormat(settings.locale, {
  timeZone: "UTC", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
});
/** An instant as the reader writes it, UTC. */
export const instant = (ms: number): string => `${clock.format(ms)} UTC`;

export const number = (value: number, decimals = 0): string =>
  value.toLocaleString(settings.locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
