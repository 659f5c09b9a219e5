// Two cells of one row side by side, with what differs in their exchanges marked.

function sideOf(cell, found, other) {
  const about = aboutOf(cell);
  const head = el("h4", "", el("i", `shape ${about.outcome}`), " ");
  put(head, `${data.targets[cell % columns]}${words.colon}${about.called}`);
  const place = el("div");
  const whole = found && other && found.exchange && other.exchange;
  draw(place, found, true, whole ? other.exchange : null);
  return el("section", "side", head, place);
}

// Fills a place with two cells' evidence; once.
function drawPair(place, cells, all) {
  if (place.childElementCount) return;
  place.append(
    el("p", "quiet", words.marked),
    el("div", "pairing", sideOf(cells[1], all[1], all[0]), sideOf(cells[0], all[0], all[1])),
  );
}

// The column to lay beside another: the baseline, else the first that fared otherwise, else any.
function besideOf(entry, column) {
  const others = entry.outcomes.map((_, at) => at).filter((at) => at !== column && isTold(entry, at));
  if (others.includes(data.baseline)) return data.baseline;
  const unlike = others.find((at) => entry.outcomes[at] !== entry.outcomes[column]);
  return unlike ?? others[0] ?? null;
}

function isTold(entry, column) {
  return entry.outcomes[column] in words.outcomes && entry.outcomes[column] !== "not-run";
}
