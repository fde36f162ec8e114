// Light or dark as the system says, until the button says otherwise. It runs before the page is drawn, so that nothing flashes.
(() => {
  const NAME = "videoxception.theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem(NAME); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem(NAME, theme); } catch { /* the browser keeps nothing */ } };
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

  function show(button) {
    button.setAttribute("aria-pressed", String(isDark()));
  }

  if (kept()) root.dataset.theme = kept();
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    show(button);
    system.addEventListener("change", () => show(button));
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      keep(root.dataset.theme);
      show(button);
    });
  });
})();
