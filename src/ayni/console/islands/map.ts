// One file for both maps, so that whoever has seen one has loaded the other.

void (document.querySelector(".home-map") ? import("./home") : import("./page"));
