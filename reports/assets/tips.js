// A tip for each cell that is pointed at or has the focus.

const tip = document.getElementById("tip");

function showTip(cell) {
  const place = placeOf(cell);
  if (!place) return;
  const { entry, column } = place;
  const numbered = rows.indexOf(entry) * columns + column;
  const about = aboutOf(numbered);
  const remark = data.remarks[numbered] || about.help;
  const who = columns > 1 ? `${data.targets[column]}${words.colon}` : "";
  tip.replaceChildren();
  put(tip, `${who}${about.called}${words.stop}${remark}`);
  tip.hidden = false;
  const box = cell.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const below = box.bottom + 6 + height < innerHeight;
  tip.style.left = `${Math.max(Math.min(box.left, innerWidth - width - 8), 8)}px`;
  tip.style.top = `${below ? box.bottom + 6 : box.top - height - 6}px`;
  cell.setAttribute("aria-describedby", "tip");
}

function hideTip(cell) {
  tip.hidden = true;
  cell.removeAttribute("aria-describedby");
}

for (const [on, off] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
  grid.addEventListener(on, (event) => {
    const cell = event.target.closest("td.cell");
    if (cell) showTip(cell);
  });
  grid.addEventListener(off, (event) => {
    const cell = event.target.closest("td.cell");
    if (cell) hideTip(cell);
  });
}
