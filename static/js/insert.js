/* Placeholders put in where one writes: [data-insert] goes to the text field of its form that had the focus last. */
let last = null;
document.addEventListener("focusin", (event) => {
  if (event.target.matches("form textarea, form input[type=text]")) last = event.target;
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert]");
  if (!button) return;
  const form = button.closest("form");
  const field = last?.isConnected && last.form === form ? last : form.querySelector("textarea");
  field.focus();
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
