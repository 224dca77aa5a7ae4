/* The one dialog: it opens when an answer fills it, and closes on Esc, on a press beside it, on [data-dialog-close], on an
   answer that went elsewhere (the thing was done), and on the event "dialog:close" (HX-Trigger). */
const dialog = document.getElementById("dialog");

const mayLeave = () => dialog.dispatchEvent(new CustomEvent("dialog:leave", { bubbles: true, cancelable: true }));
const leave = () => mayLeave() && dialog.close();

let opener = ""; // the id of what had the focus: it may be drawn anew behind the dialog
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== dialog || !dialog.innerHTML.trim() || dialog.open) return;
  opener = document.activeElement.id;
  dialog.showModal();
});
const asked = new WeakSet(); // what asked the server from inside: the answer may have taken it off the page
document.addEventListener("htmx:beforeRequest", ({ target }) => dialog.contains(target) && asked.add(target));
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!dialog.open || !detail.successful || !asked.has(detail.elt)) return;
  if (detail.xhr.status === 204 || !(dialog.contains(detail.target) || !detail.target.isConnected)) dialog.close();
});
document.addEventListener("dialog:close", () => dialog.open && dialog.close());

dialog.addEventListener("cancel", (event) => {
  if (event.target === dialog && !mayLeave()) event.preventDefault();
});
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  if (opener && document.activeElement === document.body) document.getElementById(opener)?.focus({ preventScroll: true });
});

let pressed = null; // where the press began: letting go outside, at the end of selecting a text, closes nothing
document.addEventListener("pointerdown", (event) => {
  pressed = event.target;
});
document.addEventListener("click", (event) => {
  const open = event.target.closest?.("dialog[open]");
  if (!open) return;
  const close = event.target.closest("[data-dialog-close]");
  if (close) event.preventDefault(); // The link under it is the way back where there are no scripts.
  if (!close && event.target !== open) return;
  if (!close) {
    const box = open.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (inside || pressed !== open || !event.detail) return; // Its own padding, or Enter in a field.
  }
  if (open === dialog) leave();
  else open.close();
});
