// The table of promises: filters, search, arrow keys.

const grid = document.querySelector(".grid");
const columns = data.targets.length;
const bodies = [...grid.tBodies];
const familyRows = new Map();
const rows = [];
const ROW_HEIGHT = 29;

for (const body of bodies) {
  for (const row of body.rows) {
    if (row.classList.contains("family")) {
      familyRows.set(body.dataset.family, row);
      continue;
    }
    const [id, clause] = data.rows[rows.length];
    const title = row.querySelector("th > span").textContent;
    const cells = [...row.cells].filter((cell) => cell.tagName === "TD");
    rows.push({
      row,
      body,
      cells,
      title,
      family: body.dataset.family,
      outcomes: cells.map((cell) => cell.classList[1]),
      differs: row.classList.contains("differs"),
      text: `${title}\n${id}\n${clause}\n${data.said[rows.length] || ""}`.toLowerCase(),
      shown: true,
    });
  }
}

const entryOf = new Map(rows.map((entry) => [entry.row, entry]));

// What the page says of a cell beside its evidence: facts are a label, a text, and what follows it.
// Only promises have a source and can be run alone.
function aboutOf(cell) {
  const [row, column] = [Math.floor(cell / columns), cell % columns];
  const [id, clause, level, source] = data.rows[row];
  const [target, title, said] = [data.targets[column], rows[row].title, data.said[row]];
  const outcome = rows[row].outcomes[column];
  if (!level) {
    const [called, help] = [words.likeness[outcome], words.likeness_help[outcome]];
    return { title, outcome, called, help, facts: [[words.endpoint, target], [words.asked, said], [words.clause, clause]] };
  }
  return {
    title,
    outcome,
    called: words.outcomes[outcome] || "",
    help: words.outcome_help[outcome] || words.not_promised,
    facts: [
      [words.endpoint, target],
      [words.clause, clause, ` (${words.levels[level]})`],
      [words.statement, data.statements[clause]],
      [words.source, data.sources[source]],
    ],
    alone: `${data.again[column]} -k ${id}`,
  };
}

// ---------------------------------------------------------------- filters

const wanted = { text: "", family: "", outcomes: new Set(), differences: false };
const search = document.getElementById("search");
const family = document.getElementById("family");
const differences = document.getElementById("differences");
const clear = document.getElementById("clear");
const buttons = [...document.querySelectorAll("#outcomes [data-outcome]")];

function fits(entry, sought) {
  if (wanted.family && entry.family !== wanted.family) return false;
  if (wanted.differences && !entry.differs) return false;
  if (wanted.outcomes.size && !entry.outcomes.some((outcome) => wanted.outcomes.has(outcome))) return false;
  return sought.every((word) => entry.text.includes(word));
}

function filter() {
  const sought = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  const inBody = new Map(bodies.map((body) => [body, 0]));
  const inFamily = new Map();
  let count = 0;
  for (const entry of rows) {
    const fit = fits(entry, sought);
    if (fit !== entry.shown) entry.row.hidden = !fit;
    entry.shown = fit;
    if (!fit) continue;
    count += 1;
    inBody.set(entry.body, inBody.get(entry.body) + 1);
    inFamily.set(entry.family, true);
  }
  for (const [name, row] of familyRows) row.hidden = !inFamily.has(name);
  for (const [body, inside] of inBody) {
    const first = [...familyRows.values()].some((row) => row.parentNode === body && !row.hidden);
    body.hidden = !inside && !first;
    body.style.containIntrinsicBlockSize = `auto ${(inside + first) * ROW_HEIGHT}px`;
  }
  document.getElementById("shown").textContent = `${number(count)} / ${number(rows.length)}`;
  clear.hidden = count === rows.length;
  rove();
}

search.addEventListener("input", () => {
  wanted.text = search.value;
  filter();
});
family.addEventListener("change", () => {
  wanted.family = family.value;
  filter();
});
for (const button of buttons) {
  button.addEventListener("click", () => {
    const outcome = button.dataset.outcome;
    if (!wanted.outcomes.delete(outcome)) wanted.outcomes.add(outcome);
    button.setAttribute("aria-pressed", wanted.outcomes.has(outcome));
    filter();
  });
}
if (differences) {
  differences.addEventListener("click", () => {
    wanted.differences = !wanted.differences;
    differences.setAttribute("aria-pressed", wanted.differences);
    filter();
  });
}
clear.addEventListener("click", () => {
  Object.assign(wanted, { text: "", family: "", outcomes: new Set(), differences: false });
  search.value = family.value = "";
  for (const button of buttons) button.setAttribute("aria-pressed", "false");
  if (differences) differences.setAttribute("aria-pressed", "false");
  filter();
  search.focus();
});

// ---------------------------------------------------------------- keyboard

let current = null;
let visited = null;

// One cell of the table can be tabbed to: the one last visited, else the first that is shown.
function rove() {
  const first = rows.find((entry) => entry.shown);
  if (current) current.entry.cells[current.column].removeAttribute("tabindex");
  current = visited && visited.entry.shown ? visited : first ? { entry: first, column: 0 } : null;
  if (current) current.entry.cells[current.column].tabIndex = 0;
}

function visit(entry, column) {
  visited = { entry, column };
  rove();
  const cell = entry.cells[column];
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function placeOf(cell) {
  const entry = entryOf.get(cell.parentNode);
  return entry ? { entry, column: entry.cells.indexOf(cell) } : null;
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };

grid.addEventListener("keydown", (event) => {
  const cell = event.target.closest("td.cell");
  if (!cell || event.altKey || event.metaKey) return;
  const { entry, column } = placeOf(cell);
  const visible = rows.filter((candidate) => candidate.shown);
  const at = visible.indexOf(entry);
  if (event.key in STEPS) {
    visit(visible[Math.min(Math.max(at + STEPS[event.key], 0), visible.length - 1)], column);
  } else if (event.key === "ArrowRight") {
    visit(entry, Math.min(column + 1, columns - 1));
  } else if (event.key === "ArrowLeft") {
    visit(entry, Math.max(column - 1, 0));
  } else if (event.key === "Home") {
    visit(event.ctrlKey ? visible[0] : entry, 0);
  } else if (event.key === "End") {
    visit(event.ctrlKey ? visible[visible.length - 1] : entry, columns - 1);
  } else if (event.key === "Enter" || event.key === " ") {
    open(entry, column);
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "Escape" && event.target === search && search.value) {
    search.value = wanted.text = "";
    filter();
  }
});
