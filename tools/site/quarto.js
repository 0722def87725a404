// What Quarto's own scripts do not do. Quarto asks `Fuse` for what a search finds; this one ranks as the other builder's pages do.
"use strict";

window.Fuse = class {
  #sections = [];

  add(section) {
    const { title: page, section: title = "", text, href: url } = section;
    this.#sections.push({ ...searchable({ page, title, text, url }), item: section });
  }

  search(query, { limit }) {
    return find(this.#sections, query).slice(0, limit).map(({ item }) => ({ item }));
  }
};

for (const title of document.querySelectorAll(".callout-header[role=button]")) {
  title.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    title.click();
  };
}
checksSwitch();
mathFont();
addEventListener("load", scrollBoxes);
addEventListener("resize", scrollBoxes);
for (const event of ["load", "toggle"]) document.addEventListener(event, scrollBoxes, { capture: true }); // a picture, a fold
