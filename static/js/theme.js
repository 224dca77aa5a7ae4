/* Sets the chosen theme before the first paint (so it is no module), and runs the switch. Nothing chosen: the device decides. */
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const read = () => {
    try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; }
  };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const choice of document.querySelectorAll("[data-theme-choice]")) {
      choice.setAttribute("aria-pressed", String(choice.dataset.themeChoice === theme));
    }
  };

  apply(read());
  addEventListener("storage", (event) => event.key === "theme" && apply(read()));
  document.addEventListener("DOMContentLoaded", () => {
    for (const group of document.querySelectorAll("[data-theme-switch]")) group.hidden = false;
    apply(read());
  });
  document.addEventListener("click", (event) => {
    const choice = event.target.closest?.("[data-theme-choice]");
    if (!choice) return;
    try { localStorage.setItem("theme", choice.dataset.themeChoice); } catch { /* Private browsing: for this page only. */ }
    apply(choice.dataset.themeChoice);
  });
})();
