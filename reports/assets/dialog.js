// The evidence of a cell; where there are several endpoints, that of another beside it.

const dialog = document.getElementById("dialog");
const inside = dialog.querySelector(".inside");
let opener = null;

async function open(entry, column) {
  const outcome = entry.outcomes[column];
  if (!(outcome in words.outcomes)) return;
  const cell = rows.indexOf(entry) * columns + column;
  const about = aboutOf(cell);
  opener = entry.cells[column];
  dialog.dataset.cell = cell;
  const title = document.getElementById("dialog-title");
  title.replaceChildren(el("i", `shape ${outcome}`), " ");
  put(title, about.title);
  const facts = el("dl", "clause");
  const said = (label, text) => facts.append(el("dt", "", label), put(el("dd"), text));
  said(words.promise, `${about.called}${words.colon}${about.help}`);
  for (const [label, text, more] of about.facts) {
    if (text && (columns > 1 || label !== words.endpoint)) said(label, `${text}${more || ""}`);
  }
  if (about.alone) facts.append(el("dt", "", words.alone), el("dd", "", copyLine(about.alone)));
  const place = el("div");
  const chooser = choice(entry, column, place);
  inside.replaceChildren(facts, ...(chooser ? [chooser] : []), place);
  tip.hidden = true;
  dialog.showModal();
  if (!tooOld(place)) await fill(entry, column, besideOf(entry, column), place);
}

async function fill(entry, column, beside, place) {
  const first = rows.indexOf(entry) * columns;
  if (beside === null) {
    draw(place, await evidenceOf(first + column), true);
    return;
  }
  const cells = [first + column, first + beside];
  drawPair(place, cells, await Promise.all(cells.map(evidenceOf)));
}

// What chooses the endpoint to lay beside; none where there is no other.
function choice(entry, column, place) {
  const preset = besideOf(entry, column);
  if (preset === null) return null;
  const select = el("select");
  select.append(new Option(words.beside_none, ""));
  data.targets.forEach((name, at) => {
    if (at !== column && isTold(entry, at)) select.append(new Option(shown(name), at, false, at === preset));
  });
  select.addEventListener("change", () => {
    place.replaceChildren();
    fill(entry, column, select.value === "" ? null : Number(select.value), place);
  });
  return el("label", "beside", `${words.beside} `, select);
}

grid.addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  const cell = event.target.closest("td.cell") || (columns === 1 && row && row.querySelector("td.cell"));
  const place = cell && placeOf(cell);
  if (!place || String(getSelection())) return;
  visited = place;
  rove();
  open(place.entry, place.column);
});
document.getElementById("close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
dialog.addEventListener("close", () => opener && opener.focus());

filter();
