// Cards of findings: evidence when opened, all of it when printed, links that lead to them.

const cards = [...document.querySelectorAll(".card[data-cell]")];

function cellsOf(card) {
  return [card.dataset.cell, card.dataset.beside].filter((cell) => cell !== undefined).map(Number);
}

function drawCard(card, all) {
  const place = card.querySelector("details.evidence > .inside");
  if (all.length > 1) drawPair(place, cellsOf(card), all);
  else draw(place, all[0], false);
}

for (const card of cards) {
  const details = card.querySelector("details.evidence");
  details.addEventListener("toggle", async () => {
    if (!details.open || tooOld(details.querySelector(".inside"))) return;
    drawCard(card, await Promise.all(cellsOf(card).map(evidenceOf)));
  });
}

// Printing asks for everything at once and waits for nothing, so it is unpacked beforehand.
async function prepareCards() {
  for (const card of cards) await Promise.all(cellsOf(card).map(evidenceOf));
  document.documentElement.dataset.ready = "true";
}

// The worst in full; all of a hundred would be a book.
const PRINTED = 20;

addEventListener("beforeprint", () => {
  for (const card of cards.slice(0, PRINTED)) {
    const cells = cellsOf(card);
    const details = card.querySelector("details.evidence");
    if (cells.every((cell) => ready.has(cell))) drawCard(card, cells.map((cell) => ready.get(cell)));
    details.open = true;
    for (const inner of details.querySelectorAll(":scope details:has(> .heads)")) inner.open = true;
    unfoldAll(details);
  }
  for (const details of document.querySelectorAll("#not-run details")) details.open = true;
});

function follow() {
  const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!card || !card.classList.contains("card")) return;
  const details = card.querySelector("details.evidence");
  if (details) details.open = true;
  card.focus({ preventScroll: true });
  card.scrollIntoView();
}

addEventListener("hashchange", follow);
