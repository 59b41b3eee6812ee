// The map of the watch: what waits for a decision, in step with the list of what is open. Without it the list stands alone.

import type { GeoJSONSource } from "maplibre-gl";
import { basemap } from "./basemap";
import { addChosen, addPictures, addSignals, begin, fit, followed, middle, openGroup, under } from "./chart";
import { onThemeChange, palette } from "./colours";
import { settings, type Collection } from "./settings";
import { ask, EMPTY, groups, points, spots, square, type Told } from "./signals";

const ROOM = { top: 48, right: 56, bottom: 48, left: 40 };
const CLOSE = 9; // zoom at which one square fills the map of the next page
const frame = document.querySelector<HTMLElement>(".home-map")!;
const list = document.querySelector<HTMLElement>(".panes.home > .detail")!;
const lines = (cell: string): HTMLElement[] => [...list.querySelectorAll<HTMLElement>("[data-cell]")].filter((line) => line.dataset.cell === cell);

const start = (): void => {
  const map = begin();
  let told: Told | null = null;
  const set = (source: string, data: Collection): void => { map.getSource<GeoJSONSource>(source)?.setData(data); };
  const show = (): void => {
    const counted = told !== null && told.total > told.rule.length;
    set("signals", told && !counted ? points(told, () => true, Infinity) : EMPTY);
    set("counts", told && counted ? groups(told) : EMPTY);
  };
  const choose = (cell: string): void => {
    set("chosen", cell ? square(cell) : EMPTY);
    for (const line of list.querySelectorAll<HTMLElement>("[data-cell]")) line.classList.toggle("here", line.dataset.cell === cell);
  };
  map.on("style.load", () => {
    const c = palette();
    addPictures(map);
    addChosen(map, c);
    addSignals(map, c);
    show();
  });
  onThemeChange(() => { map.setStyle(basemap(), { diff: false }); });

  /** Of what stands in the list its line is shown; what does not is on the page of the map. */
  const find = (cell: string): void => {
    const [first] = lines(cell);
    choose(cell);
    if (first) first.querySelector("a")?.focus();
    else location.assign(`${frame.dataset.chart}?${new URLSearchParams({ ...settings.keep, at: [...middle(cell), CLOSE].join(",") })}`);
  };
  map.on("click", (event) => {
    const [found] = under(map, event);
    if (!found) choose("");
    else if (found.properties.point_count) void openGroup(map, found);
    else find(found.properties.cell as string);
  });
  followed(map, list, choose);
  map.on("idle", () => { frame.dataset.drawn = String(told ? told.total : -1); });
  void ask("").then((all) => {
    told = all;
    if (spots(all).length) fit(map, spots(all), ROOM);
    show();
  }).catch((error: unknown) => { console.error(error); });
};

try { start(); } catch (error) { // no WebGL at all, not even in software
  frame.hidden = true;
  document.querySelector(".panes.home")!.classList.remove("mapped");
  console.error(error);
}
