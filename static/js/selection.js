/* Rows that can be ticked: [data-select] boxes, one [data-select-all], and a bar that counts them ([data-select-count]).
   The scope is the nearest form or [data-selection]. Shift ticks a stretch. The bar itself is shown by CSS. */
const scopeOf = (box) => box.closest("[data-selection]") ?? box.form ?? document;
const boxes = (scope) => [...scope.querySelectorAll("[data-select]")].filter((box) => !box.disabled);

function count(scope) {
  const all = boxes(scope);
  const ticked = all.filter((box) => box.checked).length;
  for (const place of scope.querySelectorAll("[data-select-count]")) place.textContent = ticked;
  for (const master of scope.querySelectorAll("[data-select-all]")) {
    master.checked = ticked > 0 && ticked === all.length;
    master.indeterminate = ticked > 0 && ticked < all.length;
  }
}

let last = null;
document.addEventListener("click", (event) => {
  const box = event.target;
  // A finger may miss the box, not its cell.
  if (box.matches?.(".table__check")) box.querySelector("input")?.click();
  if (box.matches?.("[data-select]")) {
    const all = boxes(scopeOf(box));
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
    count(scopeOf(box));
  } else if (box.matches?.("[data-select-all]")) {
    const scope = scopeOf(box);
    for (const one of boxes(scope)) one.checked = box.checked;
    count(scope);
  } else if (box.closest?.("[data-select-none]")) {
    const scope = scopeOf(box.closest("[data-select-none]"));
    for (const one of boxes(scope)) one.checked = false;
    count(scope);
  }
});
/* Enter on a tick would press the form's first button. */
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("[data-select], [data-select-all]")) event.preventDefault();
});
const recount = () => new Set([...document.querySelectorAll("[data-select]")].map(scopeOf)).forEach(count);
document.addEventListener("htmx:afterSettle", recount);
addEventListener("pageshow", recount);
