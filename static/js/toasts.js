/* Toasts: what happened, for a while, with Undo where there is one.
   They come with the page, or as an htmx answer's HX-Trigger: {"toasts": {"items": [{tone, text, undo_url?}]}}. Other
   scripts dispatch a "toasts" event on the document, and may say what an item is about: such a toast is shown once, and
   leaves when it comes without a text. The region is a live one, so each is also read out. */
const region = document.getElementById("toasts");
const template = document.getElementById("toast-template");
const LASTS = { good: 6000, info: 7000, muted: 6000, warn: 10000, bad: 0 }; // ms; a failure stays until it is dismissed
const UNDO_LASTS = 12000;
const TONES = { success: "good", error: "bad", warning: "warn", debug: "muted" };

function leave(toast) {
  if (toast.classList.contains("toast--leaving")) return;
  const hadFocus = toast.contains(document.activeElement);
  toast.classList.add("toast--leaving");
  setTimeout(() => toast.remove(), 200);
  if (hadFocus) document.getElementById("main")?.focus({ preventScroll: true });
}

/* Counts down, and holds while a pointer or the focus is on the toast, or the page is hidden. */
function live(toast) {
  toast.querySelector("[data-toast-close]").hidden = false;
  const undo = toast.querySelector(".toast__undo");
  let left = undo ? UNDO_LASTS : (LASTS[toast.dataset.tone] ?? 7000);
  if (!left) return;
  let last = performance.now();
  const tick = setInterval(() => {
    const now = performance.now();
    if (!document.hidden && !toast.matches(":hover, :focus-within")) left -= now - last;
    last = now;
    if (!toast.isConnected || left <= 0) {
      clearInterval(tick);
      if (toast.isConnected) leave(toast);
    }
  }, 250);
}

export function show({ tone = "info", text, undo_url: undoUrl, about }) {
  const there = about && region?.querySelector(`[data-about="${about}"]`);
  if (there && !text) leave(there);
  if (!region || !text || there) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.dataset.tone = TONES[tone] ?? tone;
  if (about) toast.dataset.about = about;
  toast.querySelector(".toast__text").textContent = text;
  const undo = toast.querySelector(".toast__undo");
  if (undoUrl) undo.dataset.undoUrl = undoUrl;
  else undo.remove();
  region.append(toast);
  while (region.children.length > 4) (region.querySelector(".toast:not(:has(.toast__undo))") ?? region.firstElementChild).remove();
  // Above an open dialog too: the last to enter the top layer is on top.
  if (document.querySelector("dialog:modal")) {
    region.popover = "manual";
    if (region.matches(":popover-open")) region.hidePopover();
    region.showPopover();
  }
  live(toast);
}

document.addEventListener("toasts", (event) => {
  for (const toast of event.detail.items) show(toast);
});

region?.addEventListener("click", (event) => {
  const toast = event.target.closest(".toast");
  const undo = event.target.closest("[data-undo-url]");
  if (undo) {
    // From the body, whose hx-headers carry the CSRF token. What shows the undone ([data-undone]) is drawn anew.
    htmx.ajax("POST", undo.dataset.undoUrl, { source: document.body, swap: "none" }).then(() => {
      const shown = document.querySelector("[data-undone]");
      if (shown) htmx.ajax("GET", location.href, { target: shown, swap: "outerHTML" });
    });
    leave(toast);
  } else if (event.target.closest("[data-toast-close]")) leave(toast);
});
region?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") leave(event.target.closest(".toast"));
});

region?.querySelectorAll(".toast").forEach(live);
