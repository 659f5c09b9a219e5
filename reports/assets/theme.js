// The switch of colours: as the system has it, light, dark. Nothing is remembered.

const THEMES = ["auto", "light", "dark"];
const theme = document.getElementById("theme");

theme.hidden = false;
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const next = THEMES[(THEMES.indexOf(root.dataset.theme || "auto") + 1) % THEMES.length];
  if (next === "auto") delete root.dataset.theme;
  else root.dataset.theme = next;
  theme.lastElementChild.textContent = words[`theme_${next}`];
});
