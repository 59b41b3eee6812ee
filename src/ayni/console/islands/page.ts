// The map page: signals over the offline basemap, in step with the table beside them. Without this file the table stands alone.

import type { GeoJSONSource } from "maplibre-gl";
import { basemap } from "./basemap";
import { onThemeChange, palette } from "./colours";
import { addChosen, addPictures, addSignals, begin, fit, followed, openGroup, under } from "./chart";
import { picture, shapeOf } from "./marks";
import { dressPlan, planBounds } from "./plan";
import { fill, instant, number, settings, word, type Collection } from "./settings";
import { ask, EMPTY, groups, points, spots, square, type Told } from "./signals";
import { Tools } from "./tools";
import { askTrail, trailUntil, type Trail } from "./trail";

const $ = <T extends HTMLElement>(what: string): T => document.querySelector<T>(what)!;
const PLAY_MS = 20_000; // a whole period in twenty seconds
const SETTLED_MS = 350; // the table follows when the map has rested so long
const ROOM = { top: 64, right: 56, bottom: 104, left: 56 }; // for tools above and time below

const said = $("[data-said]");
const tell = (words: string): void => { said.textContent = words; said.hidden = !words; };
const frame = $(".chart-map");
frame.hidden = false;

let told: Told | null = null;
let trail: Trail | null = null;
let until = Infinity;
let chosen = "";
const hiddenShapes = new Set<string>();
const layerData: Record<string, Collection> = {};

const start = (): void => {
  const map = begin();
  const tools = new Tools(map, tell);
  const place = settings.at.split(",").map(Number);
  const placed = place.length === 3 && place.every(Number.isFinite);
  const plan = planBounds();
  if (placed) map.jumpTo({ center: [place[0], place[1]], zoom: place[2] });
  else if (plan) map.fitBounds(plan, { padding: { top: 80, right: 90, bottom: 80, left: 56 }, maxZoom: 8, animate: false });

  const set = (source: string, data: Collection): void => { map.getSource<GeoJSONSource>(source)?.setData(data); };
  const show = (): void => {
    const counted = told !== null && told.total > told.rule.length;
    const shown = told && !counted ? points(told, (shape) => !hiddenShapes.has(shape), until) : EMPTY;
    set("signals", shown);
    set("counts", told && counted ? groups(told) : EMPTY);
    set("chosen", chosen ? square(chosen) : EMPTY);
    set("trail", trail ? trailUntil(trail, until) : EMPTY);
    const count = $("[data-count]");
    count.hidden = told === null;
    if (told) count.textContent = fill(counted ? "counted" : "total", { shown: number(shown.features.length), total: number(told.total) });
    $(".chart-time").hidden = !trail && (!told || told.rule.length < 2);
  };

  const dress = (): void => {
    const c = palette();
    addPictures(map);
    const halo = { "text-halo-color": c.halo, "text-halo-width": 1.2 };
    for (const layer of settings.layers) {
      map.addSource(layer.id, { type: "geojson", data: layerData[layer.id] ?? EMPTY });
      map.addLayer({ id: layer.id, type: "circle", source: layer.id, minzoom: layer.fromZoom, paint: { "circle-radius": 2.5, "circle-color": c.port, "circle-stroke-color": c.halo, "circle-stroke-width": 1 } });
      map.addLayer({
        id: `${layer.id}-name`, type: "symbol", source: layer.id, minzoom: layer.fromZoom + 2.5,
        layout: { "text-field": ["get", "name"], "text-font": ["Noto Sans"], "text-size": 10.5, "text-anchor": "left", "text-offset": [0.6, 0] }, paint: { "text-color": c.port, ...halo },
      });
    }
    addChosen(map, c);
    map.addSource("trail", { type: "geojson", data: EMPTY });
    map.addLayer({ id: "trail-silent", type: "line", source: "trail", filter: ["==", ["get", "silent"], true], paint: { "line-color": c.ink, "line-width": 1.5, "line-dasharray": [2, 3], "line-opacity": 0.7 } });
    map.addLayer({ id: "trail", type: "line", source: "trail", filter: ["==", ["get", "silent"], false], layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": c.ink, "line-width": 2.25 } });
    map.addLayer({ id: "trail-end", type: "circle", source: "trail", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": c.ink, "circle-stroke-color": c.paper, "circle-stroke-width": 2 } });
    addSignals(map, c);
    dressPlan(map, c);
    map.addSource("tool", { type: "geojson", data: EMPTY });
    map.addLayer({ id: "tool-area", type: "fill", source: "tool", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": c.tool, "fill-opacity": 0.15 } });
    map.addLayer({ id: "tool-line", type: "line", source: "tool", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": c.tool, "line-width": 2.5 } });
    map.addLayer({ id: "tool-point", type: "circle", source: "tool", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 4.5, "circle-color": c.paper, "circle-stroke-color": c.tool, "circle-stroke-width": 2.5 } });
    show();
    tools.show();
  };

  /** The part of the sea in view, in tenths of a degree; empty when it is the whole earth. */
  const box = (): string => {
    const view = map.getBounds();
    const [west, east] = [view.getWest(), view.getEast()];
    if (east - west >= 360) return "";
    const turned = (lon: number): number => Math.floor((((lon + 180) % 360) + 360) % 360 * 10) - 1800;
    const row = (lat: number): number => Math.max(-900, Math.min(899, Math.floor(lat * 10)));
    return [turned(west), row(view.getSouth()), turned(east), row(view.getNorth())].join(",");
  };

  const load = async (whole: boolean): Promise<void> => {
    try {
      told = await ask(whole ? "" : box());
      if (whole) trail = await askTrail().catch(() => { tell(word("noTrail")); return null; });
      if (!trail && !told.rule.length && !told.counts.length) { show(); return; }
      const [first, last] = span(told, trail);
      until = last;
      if (whole && !placed && !plan) fit(map, trail ? trail.lon.map((lon, n) => [lon, trail!.lat[n]]) : spots(told), ROOM);
      if (first === last) $(".chart-time").hidden = true;
      show();
      clock();
    } catch { tell(word("failed")); }
  };
  let moving = 0;
  const table = async (where: string): Promise<void> => {
    try {
      const answer = await fetch(`${settings.table}?${new URLSearchParams({ ...settings.keep, ...(where ? { box: where } : {}) })}`);
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      $("[data-table]").innerHTML = await answer.text();
      dressTable();
    } catch { tell(word("failed")); }
  };
  const settled = (): void => {
    const { lng, lat } = map.getCenter();
    const at = [lng.toFixed(3), lat.toFixed(3), map.getZoom().toFixed(1)].join(",");
    history.replaceState(null, "", `?${new URLSearchParams({ ...settings.keep, at })}`);
    for (const link of document.querySelectorAll<HTMLAnchorElement>("form[action='/language/'] input[name=next]")) link.setAttribute("value", location.pathname + location.search);
    if (told && told.total > told.rule.length) void load(false);
    void table(box());
  };
  map.on("moveend", (event) => {
    if (!("originalEvent" in event) && !("byHand" in event)) return;
    clearTimeout(moving);
    chosen = "";
    moving = window.setTimeout(settled, SETTLED_MS);
  });
  map.getCanvas().addEventListener("keydown", (event) => { if (event.key.startsWith("Arrow") || "+-=".includes(event.key)) { map.once("moveend", () => { clearTimeout(moving); moving = window.setTimeout(settled, SETTLED_MS); }); } });

  const pick = (cell: string): void => {
    chosen = cell;
    set("chosen", cell ? square(cell) : EMPTY);
    for (const row of document.querySelectorAll<HTMLElement>("tr[data-cell]")) row.classList.toggle("here", row.dataset.cell === cell);
  };
  map.on("click", (event) => {
    if (tools.busy) return;
    const [found] = under(map, event);
    if (!found) pick("");
    else if (found.properties.point_count) void openGroup(map, found, { byHand: true });
    else {
      const cell = found.properties.cell as string;
      const [south, west] = cell.split(",");
      void table([west, south, west, south].join(",")).then(() => { pick(cell); });
    }
  });
  map.on("mousemove", (event) => {
    map.getCanvas().style.cursor = tools.busy ? "crosshair" : under(map, event).length ? "pointer" : "";
  });

  // The table shows its place on the map: hovering or focusing a row marks its square, and brings it into view.
  const dressTable = (): void => {
    for (const spot of document.querySelectorAll<HTMLElement>(".mk[data-rule]")) spot.replaceChildren(picture(shapeOf(spot.dataset.rule!), spot.dataset.state!));
  };
  const side = $("[data-table]");
  followed(map, side, pick);

  // Time: what had begun up to an instant; played, the whole period in twenty seconds.
  const slider = $<HTMLInputElement>("#chart-until");
  const play = $<HTMLButtonElement>("[data-play]");
  const clock = (): void => { $("[data-now]").textContent = Number.isFinite(until) ? fill("upTo", { at: instant(until * 60_000) }) : ""; };
  const move = (): void => {
    if (!told || (!told.rule.length && !trail)) return;
    const [first, last] = span(told, trail);
    until = first + ((last - first) * Number(slider.value)) / 1000;
    show();
    clock();
  };
  slider.addEventListener("input", move);
  let before = 0;
  const tick = (now: number): void => {
    if (play.getAttribute("aria-pressed") !== "true") return;
    if (now - before > 120) { // eight pictures a second is what software rendering keeps up with
      slider.value = String(Math.min(1000, Number(slider.value) + (1000 * Math.min(500, now - before)) / PLAY_MS));
      before = now;
      move();
    }
    if (Number(slider.value) < 1000) requestAnimationFrame(tick);
    else pressed(false);
  };
  const pressed = (on: boolean): void => { play.setAttribute("aria-pressed", String(on)); play.textContent = word(on ? "pause" : "play"); };
  play.addEventListener("click", () => {
    const on = play.getAttribute("aria-pressed") !== "true";
    pressed(on);
    if (!on) return;
    if (Number(slider.value) >= 1000) slider.value = "0";
    before = performance.now();
    requestAnimationFrame(tick);
  });

  legend(show);
  dressTable();
  map.on("style.load", dress);
  onThemeChange(() => { map.setStyle(basemap(), { diff: false }); $("[data-legend]").replaceChildren(); legend(show); dressTable(); });
  for (const layer of settings.layers) {
    const fetchOnce = (): void => {
      if (map.getZoom() < layer.fromZoom || layerData[layer.id]) return;
      layerData[layer.id] = EMPTY;
      void fetch(layer.address).then(async (answer) => {
        const columns = await answer.json() as { name: string[]; lat: number[]; lon: number[] };
        layerData[layer.id] = { type: "FeatureCollection", features: columns.name.map((name, n) => ({ type: "Feature", properties: { name }, geometry: { type: "Point", coordinates: [columns.lon[n], columns.lat[n]] } })) };
        set(layer.id, layerData[layer.id]);
      }).catch(() => { delete layerData[layer.id]; });
    };
    map.on("zoomend", fetchOnce);
    map.on("load", fetchOnce);
  }
  map.on("idle", () => { frame.dataset.drawn = String(told ? told.total : -1); });
  void load(true);
};

/** The first and the last minute there is anything to show; of one vessel alone while its trail is drawn. */
const span = (all: Told, along: Trail | null): [number, number] => {
  const minutes = along ? along.minute : all.minute;
  return [minutes.reduce((least, at) => Math.min(least, at), Infinity), minutes.reduce((most, at) => Math.max(most, at), -Infinity)];
};

/** The legend is the control: each kind can be taken off the map. */
const legend = (changed: () => void): void => {
  const list = document.createElement("ul");
  const kinds = [...settings.marks, { shape: "star", title: word("report") }, { shape: "circle", title: word("other") }];
  for (const { shape, title } of kinds) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = !hiddenShapes.has(shape);
    box.addEventListener("change", () => { if (box.checked) hiddenShapes.delete(shape); else hiddenShapes.add(shape); changed(); });
    label.append(box, picture(shape, "pending"), title);
    list.append(Object.assign(document.createElement("li")));
    list.lastElementChild!.append(label);
  }
  const states = document.createElement("ul");
  for (const [state, title] of Object.entries(settings.states)) {
    const line = document.createElement("li");
    line.append(picture("square", state), title);
    states.append(line);
  }
  const notes = document.createElement("ul");
  for (const [kind, text] of [["group", word("several")], ["dashed", word("disputed")], ...settings.layers.map((layer) => ["dot", [layer.title, layer.approximate].filter(Boolean).join(": ")])]) {
    const line = document.createElement("li");
    const sample = document.createElement("span");
    sample.className = `sample ${kind}`;
    line.append(sample, text);
    notes.append(line);
  }
  const square = document.createElement("p");
  square.textContent = word("square");
  $("[data-legend]").append(list, states, notes, square);
};

try { start(); } catch (error) { // no WebGL at all, not even in software
  $(".chart-map").hidden = true;
  document.querySelector(".chart")!.classList.add("alone");
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = word("noMap");
  $("[data-table]").before(note);
  console.error(error);
}
