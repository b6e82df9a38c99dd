// Light or dark, before anything is painted: as the person chose, else as the system says. No module, so it runs at once.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const wish = () => {
    try {
      return localStorage.getItem("linewatch-theme") ?? "system";
    } catch {
      return "system"; // a browser that keeps nothing
    }
  };
  const apply = () => {
    const wished = wish();
    const root = document.documentElement.dataset;
    root.wish = wished;
    root.theme = wished === "light" || wished === "dark" ? wished : system.matches ? "dark" : "light";
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply); // chosen in another window
  addEventListener("linewatch-theme", apply); // chosen in this one
})();
