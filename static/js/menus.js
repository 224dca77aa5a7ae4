/* Menus are <details>: they open without scripts. Here: one at a time, Esc and a press elsewhere close, arrows walk. */
const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details[data-menu]") || !menu.open) return;
  for (const other of menus()) if (other !== menu && !other.contains(menu)) other.open = false;
}, true);

document.addEventListener("pointerdown", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});

/* What was chosen closes its menu; after the click has done its work. */
document.addEventListener("click", (event) => {
  const menu = event.target.closest?.(".menu__item")?.closest("details[data-menu][open]");
  if (menu) setTimeout(() => { menu.open = false; });
});

/* What the page brings up to date by itself does not shut a menu that is open. */
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.querySelector("details[data-menu][open]")) detail.shouldSwap = false;
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

/* Tabs that do not fit a phone: the current one is in view. */
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const strip = tab.closest(".tabs");
  strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
}

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  const items = [...menu.querySelectorAll(".menu__item")];
  const at = items.indexOf(document.activeElement);
  const walk = { ArrowDown: at + 1, ArrowUp: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1 };
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  } else if (event.key in walk && items.length) {
    event.preventDefault();
    items[(walk[event.key] + items.length) % items.length].focus();
  }
});
