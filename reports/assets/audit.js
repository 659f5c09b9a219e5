// An audit has one piece of evidence, and a table of probes that shows all or only what is off.

function aboutOf() {
  const { title, target, said, alone } = data.about;
  return { title, facts: [[words.endpoint, target], [words.said, said]], alone };
}

const off = document.getElementById("off");
const probes = [...document.querySelectorAll(".probes tbody tr")];

function showProbes() {
  const only = off.getAttribute("aria-pressed") === "true";
  for (const row of probes) row.hidden = only && !row.classList.contains("off");
  const count = probes.filter((row) => !row.hidden).length;
  document.getElementById("shown").textContent = `${number(count)} / ${number(probes.length)}`;
}

if (off) {
  off.addEventListener("click", () => {
    off.setAttribute("aria-pressed", off.getAttribute("aria-pressed") !== "true");
    showProbes();
  });
  showProbes();
}
