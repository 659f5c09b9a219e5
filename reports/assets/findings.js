// Cards of findings: evidence when opened, all of it when printed, links that lead to them.

const cards = [...document.querySelectorAll(".card")];

for (const card of cards) {
  const details = card.querySelector("details.evidence");
  const place = details.querySelector(".inside");
  details.addEventListener("toggle", () => {
    if (details.open) fill(place, Number(card.dataset.cell), false);
  });
}

// Printing asks for everything at once and waits for nothing, so it is unpacked beforehand.
async function prepareCards() {
  for (const card of cards) await evidenceOf(Number(card.dataset.cell));
  document.documentElement.dataset.ready = "true";
}

addEventListener("beforeprint", () => {
  for (const card of cards) {
    const cell = Number(card.dataset.cell);
    const details = card.querySelector("details.evidence");
    if (ready.has(cell)) draw(details.querySelector(".inside"), ready.get(cell), false);
    details.open = true;
    for (const inner of details.querySelectorAll(":scope details:has(> .heads)")) inner.open = true;
    unfoldAll(details);
  }
  for (const details of document.querySelectorAll("#not-run details")) details.open = true;
});

function follow() {
  const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!card || !card.classList.contains("card")) return;
  card.querySelector("details.evidence").open = true;
  card.focus({ preventScroll: true });
  card.scrollIntoView();
}

addEventListener("hashchange", follow);
