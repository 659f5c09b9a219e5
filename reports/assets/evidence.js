// Evidence lies packed in blocks of the page; it is unpacked once, when something of it is opened.

const blockOf = new Map();
const unpacked = new Map();
const ready = new Map();

for (const script of document.querySelectorAll("script.block")) {
  script.dataset.cells.split(" ").forEach((cell, at) => blockOf.set(Number(cell), [script, at]));
}

async function inflate(text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// The evidence of a cell: null where the page has none of it.
async function evidenceOf(cell) {
  if (ready.has(cell)) return ready.get(cell);
  if (!blockOf.has(cell)) return null;
  const [script, at] = blockOf.get(cell);
  if (!unpacked.has(script)) unpacked.set(script, inflate(script.textContent));
  const found = (await unpacked.get(script))[at];
  ready.set(cell, found);
  return found;
}

function seconds(value) {
  return `${Number(value.toFixed(4))} s`;
}

function headerTable(headers) {
  const table = el("table", "heads");
  for (const [name, value] of headers) {
    table.append(el("tr", "", el("td", "", put(el("bdi"), name)), el("td", "", put(el("bdi"), value))));
  }
  const details = el("details", "", el("summary", "", `${words.headers}: ${headers.length}`), table);
  return headers.length ? details : null;
}

function bodyBox(body, rawLabel) {
  if (body.base64 !== null) {
    const box = el("div", "box", el("p", "", words.invalid_bytes), folded("raw", hexDump(bytesOf(body.base64))));
    return sized(box, body);
  }
  if (!body.text) return sized(el("div", "box quiet", words.empty), body);
  const value = body.truncated ? undefined : parseJson(body.text);
  const box = el("div", "box");
  if (value === undefined || isLeaf(value)) {
    box.append(folded("raw", body.text));
  } else {
    const raw = el("details", "", el("summary", "count", rawLabel));
    raw.addEventListener("toggle", () => raw.open && raw.children.length < 2 && raw.append(folded("raw", body.text)));
    box.append(tree(value), raw);
  }
  return sized(box, body);
}

function sized(box, body) {
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", words.body);
  const told = el("p", "quiet", `${number(body.bytes)} ${words.bytes}`);
  if (body.truncated) told.append(`. ${words.cut}`);
  return el("div", "", told, box);
}

function frameTable(frames) {
  const table = el("table", "frames");
  let before = 0;
  let shown = 0;
  const more = () => {
    for (const frame of frames.slice(shown, shown + ENTRIES)) {
      table.append(frameRow(frame, ++shown, before));
      before = frame.at;
    }
    if (shown >= frames.length) return;
    const rest = el("button", "copy", `${words.show_more}: ${number(frames.length - shown)} ${words.frames}`);
    rest.type = "button";
    const row = el("tr", "", el("td"), el("td"), el("td"), el("td", "", rest));
    rest.addEventListener("click", () => {
      row.remove();
      more();
    });
    table.append(row);
  };
  more();
  const box = el("div", "box", table);
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", words.frames);
  return box;
}

function frameRow(frame, at, before) {
  const said = el("td");
  const heads = [];
  if (frame.id !== null) heads.push(`id: ${frame.id}`);
  if (frame.event !== null) heads.push(`event: ${frame.event}`);
  for (const comment of frame.comments) heads.push(`:${comment}`);
  if (heads.length) said.append(put(el("div", "count"), heads.join("  ")));
  for (const note of frame.irregular) said.append(put(el("div", "word"), note));
  const value = frame.data === null ? undefined : parseJson(frame.data);
  if (value !== undefined && !isLeaf(value)) {
    const line = el("details", "", el("summary", "", put(el("span", "str"), excerpt(frame.data))));
    line.addEventListener("toggle", () => line.open && line.children.length < 2 && line.append(tree(value)));
    said.append(line);
  } else if (frame.data !== null) {
    said.append(folded("raw", frame.data));
  }
  const step = Math.max(frame.at - before, 0);
  return el("tr", "", el("td", "", String(at)), el("td", "", seconds(frame.at)), el("td", "", `+${seconds(step)}`), said);
}

function excerpt(text) {
  return text.length > 240 ? `${text.slice(0, 240)}\u2026` : text;
}

function copyLine(text) {
  const button = el("button", "copy", words.copy);
  button.type = "button";
  button.dataset.copy = "command";
  return el("div", "line", put(el("pre"), text), button);
}

// Request, answer and curl line of one exchange.
function drawExchange(exchange) {
  const { request, response } = exchange;
  const timing = [];
  if (response.first_byte_s !== null) timing.push(`${words.first_byte} ${seconds(response.first_byte_s)}`);
  timing.push(`${words.total} ${seconds(response.total_s)}`);
  const status = response.status === null ? words.no_answer : String(response.status);
  const streamed = response.frames !== null && response.frames.length > 0;
  const answer = el(
    "div",
    streamed ? "whole" : "",
    put(el("h4"), `${words.answer}: ${status}`),
    el("p", "quiet", timing.join(", ")),
    response.failure === null ? null : put(el("p", "word"), response.failure),
    headerTable(response.headers),
  );
  if (streamed) {
    const raw = el("details", "", el("summary", "", words.as_came));
    raw.addEventListener("toggle", () => raw.open && raw.children.length < 2 && raw.append(bodyBox(response.body, words.as_came)));
    answer.append(el("p", "quiet", `${words.frames}: ${number(response.frames.length)}`), frameTable(response.frames), raw);
  } else {
    answer.append(bodyBox(response.body, words.as_came));
  }
  const sent = el(
    "div",
    "",
    put(el("h4"), `${words.request}: ${request.method} ${request.url}`),
    headerTable(request.headers),
    bodyBox(request.body, words.as_sent),
  );
  return el("div", "exchange", sent, answer, el("div", "whole", el("h4", "", "curl"), copyLine(exchange.curl)));
}

// Fills a place with a cell's evidence; once.
async function fill(place, cell, remarks) {
  if (place.childElementCount) return;
  if (blockOf.has(cell) && typeof DecompressionStream === "undefined") {
    place.append(el("p", "quiet", words.old_browser));
    return;
  }
  draw(place, await evidenceOf(cell), remarks);
}

function draw(place, found, remarks) {
  if (place.childElementCount) return;
  if (found === null) {
    place.append(el("p", "quiet", words.left_out_evidence));
    return;
  }
  if (remarks) {
    const pair = el("dl", "pair");
    for (const name of ["expected", "observed", "why"]) {
      if (!found[name]) continue;
      const label = name === "why" ? words.reason : words[name];
      pair.append(el("div", "", el("dt", "", label), el("dd", "", put(el("bdi"), found[name]))));
    }
    if (pair.childElementCount) place.append(pair);
  }
  if (found.observations.length) {
    const list = el("ul", "notes");
    for (const note of found.observations) list.append(el("li", "", put(el("bdi"), note)));
    place.append(el("p", "quiet", words.observations), list);
  }
  place.append(found.exchange ? drawExchange(found.exchange) : el("p", "quiet", words.no_evidence));
}
