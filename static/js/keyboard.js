/* The keys of the whole product: j k Enter, r e u 1-4 z, / or Ctrl-K, ?. The page says what they do:
   [data-keys-list] holds rows [data-row], each with a link [data-open] (or being one);
   [data-key="r"] is pressed by that key: first the one in the row where one stands, else the page's own. */
const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const shown = (element) => element.checkVisibility?.({ checkVisibilityCSS: true }) ?? true;
const rows = () => [...document.querySelectorAll("[data-keys-list] [data-row]")].filter(shown);
const opener = (row) => (row.matches("[data-open]") ? row : row.querySelector("[data-open]"));
const current = (all) => all.find((row) => row.contains(document.activeElement)) ?? all.find((row) => row.matches("[aria-current]") || row.querySelector("[aria-current]"));

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const here = all.indexOf(current(all));
  const next = all[Math.min(Math.max(here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step, 0), all.length - 1)];
  const target = opener(next) ?? next;
  if (target.tabIndex < 0 && !target.hasAttribute("tabindex")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

/* The page's own search where it has one; Ctrl-K always means the whole workspace. */
function search(everywhere) {
  const field = (everywhere !== true && document.querySelector("main [data-search]")) || document.querySelector("[data-search]");
  if (!field) return false;
  const drawer = field.closest("[popover]");
  if (!shown(field)) drawer?.showPopover();
  field.focus();
  field.select();
  return true;
}

function press(key) {
  const row = current(rows());
  // An entry of a closed menu counts: its menu can be seen.
  const reachable = (one) => shown(one.closest("details[data-menu]") ?? one) && !one.disabled;
  const named = (scope) => [...(scope?.querySelectorAll(`[data-key="${CSS.escape(key)}"]`) ?? [])].filter(reachable);
  // What belongs to the row that is open ([data-keys-of-current]) is not pressed while one stands on another row.
  const elsewhere = row && !row.matches("[aria-current]") && !row.querySelector("[aria-current]") && rows().some((one) => one.querySelector("[aria-current]"));
  const meant = (one) => !elsewhere || !one.closest("[data-keys-of-current]");
  // The newest toast's Undo is the last of its kind.
  const target = named(row)[0] ?? named(document).filter(meant).at(-1);
  if (!target) return false;
  if (typing(target)) target.focus();
  else target.click();
  return true;
}

const help = document.getElementById("keys-help");
for (const button of document.querySelectorAll("[data-keys-help][hidden]")) button.hidden = !help;
document.addEventListener("click", (event) => event.target.closest?.("[data-keys-help]") && help?.showModal());

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    if (search(true)) event.preventDefault();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form?.matches("[data-ctrl-enter]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (document.querySelector("dialog:modal")) return;
  const acts = {
    j: () => move(1),
    k: () => move(-1),
    "/": search,
    "?": () => help && (help.showModal(), true),
    Enter: () => {
      const row = event.target === document.body && current(rows());
      return row && (opener(row)?.click(), true);
    },
  };
  if ((acts[event.key] ?? (() => event.key.length === 1 && press(event.key)))()) event.preventDefault();
});
