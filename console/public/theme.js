// Runs before the first paint, so that a chosen theme does not flash. Its own file: the policy allows no inline script.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("adb-theme");
  } catch {
    // Storage may be blocked; then the system's theme applies.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
