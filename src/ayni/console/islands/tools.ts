// Tools that take points from the map: a length in nautical miles, an area to have watched, where a patrol is. Mouse, finger or keyboard.

import type { GeoJSONSource, Map } from "maplibre-gl";
import { arc, course, distance } from "./geodesy";
import { fill, number, settings, word, type Collection, type Position } from "./settings";

const $ = <T extends HTMLElement>(what: string): T => document.querySelector<T>(what)!;

export class Tools {
  private active = "";
  private taken: Position[] = [];

  constructor(private readonly map: Map, private readonly tell: (words: string) => void) {
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-tool]")) {
      button.addEventListener("click", () => this.choose(this.active === button.dataset.tool ? "" : button.dataset.tool!));
    }
    map.getCanvas().addEventListener("keydown", (event) => {
      if (!this.active) return;
      if (event.key === "Enter") this.take(map.getCenter().toArray() as Position);
      else if (event.key === "Backspace") { this.taken.pop(); this.show(); }
      else if (event.key === "Escape") this.choose("");
      else return;
      event.preventDefault();
    });
    map.on("click", (event) => { if (this.active) this.take(event.lngLat.toArray() as Position); });
  }

  /** Whether clicks are a tool's, not the signals'. */
  get busy(): boolean { return this.active !== ""; }

  /** Draw again, after the style was changed. */
  show(): void {
    const source = this.map.getSource<GeoJSONSource>("tool");
    source?.setData(this.drawn());
    const watch = $<HTMLAnchorElement>("[data-watch]");
    watch.hidden = !(this.active === "draw" && this.taken.length > 2);
    if (!watch.hidden) {
      const corners = this.taken.map(([lon, lat]) => `${lat.toFixed(4)},${(((lon + 540) % 360) - 180).toFixed(4)}`).join(";");
      watch.href = `${settings.newArea}?${new URLSearchParams({ corners })}`;
    }
    if (!this.active) this.tell("");
    else if (this.active === "measure" && this.taken.length > 1) {
      const legs = this.taken.slice(1).map((to, n) => distance(this.taken[n], to));
      const [from, to] = this.taken.slice(-2);
      this.tell(fill("measured", {
        nm: number(legs.reduce((sum, leg) => sum + leg, 0), 1), leg: number(legs.at(-1)!, 1), course: String(Math.round(course(from, to)) % 360).padStart(3, "0"),
      }));
    } else if (this.active === "draw" && this.taken.length > 0) this.tell(fill("corners", { count: this.taken.length }));
    else this.tell(word(this.active));
  }

  private choose(tool: string): void {
    this.active = tool;
    this.taken = [];
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    this.map.getContainer().classList.toggle("takes", tool !== "");
    this.show();
    if (tool) this.map.getCanvas().focus({ preventScroll: true });
  }

  private take(point: Position): void {
    if (this.active === "patrol") { // one place, and the form knows it
      this.taken = [point];
      $<HTMLInputElement>("[name=patrol]").value = `${point[1].toFixed(4)}, ${((((point[0] + 180) % 360) + 360) % 360 - 180).toFixed(4)}`;
    } else this.taken.push(point);
    this.show();
  }

  private drawn(): Collection {
    const features: GeoJSON.Feature[] = this.taken.map((point) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: point } }));
    if (this.active === "draw" && this.taken.length > 2) {
      features.push({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[...this.taken, this.taken[0]]] } });
    } else if (this.taken.length > 1) {
      const line = this.active === "draw" ? this.taken : this.taken.slice(1).flatMap((to, n) => arc(this.taken[n], to));
      features.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line } });
    }
    return { type: "FeatureCollection", features };
  }
}
