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
  return `${Number(value.toFixed(4))} ${words.second}`;
}

// Names of headers that the other does not have are marked; their values are each answer's own.
function headerTable(headers, others) {
  const table = el("table", "heads");
  for (const [name, value] of headers) {
    const head = el("td", "", put(el("bdi"), name));
    if (others && !others.some(([other]) => other.toLowerCase() === name.toLowerCase())) odd(head);
    table.append(el("tr", "", head, el("td", "", put(el("bdi"), value))));
  }
  const details = el("details", "", el("summary", "", `${words.headers}${words.colon}${headers.length}`), table);
  return headers.length ? details : null;
}

function bodyBox(body, rawLabel, against) {
  if (body.base64 !== null) {
    const box = el("div", "box", el("p", "", words.invalid_bytes), folded("raw", hexDump(bytesOf(body.base64))));
    return sized(box, body);
  }
  if (!body.text) return sized(el("div", "box quiet", words.empty), body);
  const value = valueOf(body);
  const other = against ? valueOf(against) : undefined;
  const box = el("div", "box");
  if (value === undefined || isLeaf(value)) {
    const text = folded("raw", body.text);
    box.append(against && against.text !== body.text ? odd(text) : text);
  } else {
    const raw = el("details", "", el("summary", "count", rawLabel));
    raw.addEventListener("toggle", () => raw.open && raw.children.length < 2 && raw.append(folded("raw", body.text)));
    box.append(tree(value, null, 0, other === undefined ? NOTHING : other), raw);
  }
  return sized(box, body);
}

// The JSON of a body; undefined where it is none, or not whole.
function valueOf(body) {
  return body.base64 !== null || !body.text || body.truncated ? undefined : parseJson(body.text);
}

function sized(box, body) {
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", words.body);
  const told = el("p", "quiet", `${number(body.bytes)} ${words.bytes}`);
  if (body.truncated) told.append(`. ${words.cut}`);
  return el("div", "", told, box);
}

function frameTable(frames, others) {
  const table = el("table", "frames");
  let before = 0;
  let shown = 0;
  const more = () => {
    for (const frame of frames.slice(shown, shown + ENTRIES)) {
      table.append(frameRow(frame, ++shown, before, others && (others[shown - 1] || null)));
      before = frame.at;
    }
    if (shown >= frames.length) return;
    const rest = el("button", "copy", `${words.show_more}${words.colon}${number(frames.length - shown)} ${words.frames}`);
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

// Against the other's frame of the same number; null where it has none.
function frameRow(frame, at, before, against) {
  const said = el("td");
  const heads = [];
  if (frame.id !== null) heads.push(`id: ${frame.id}`);
  if (frame.event !== null) heads.push(`event: ${frame.event}`);
  for (const comment of frame.comments) heads.push(`:${comment}`);
  if (heads.length) said.append(put(el("div", "count"), heads.join("  ")));
  const other = against && against.data !== null ? parseJson(against.data) : undefined;
  for (const note of frame.irregular) said.append(put(el("div", "word"), note));
  const value = frame.data === null ? undefined : parseJson(frame.data);
  if (value !== undefined && !isLeaf(value)) {
    const line = el("details", "", el("summary", "", put(el("span", "str"), excerpt(frame.data))));
    line.addEventListener("toggle", () => line.open && line.children.length < 2 && line.append(tree(value, null, 0, other === undefined ? NOTHING : other)));
    said.append(line);
  } else if (frame.data !== null) {
    said.append(folded("raw", frame.data));
  }
  if (against === null || (against && !isSameFrame(frame, value, against, other))) odd(said);
  const step = Math.max(frame.at - before, 0);
  return el("tr", "", el("td", "", String(at)), el("td", "", seconds(frame.at)), el("td", "", `+${seconds(step)}`), said);
}

function isSameFrame(frame, value, against, other) {
  const lines = (one) => JSON.stringify([one.event, one.id !== null, one.comments, one.irregular]);
  if (lines(frame) !== lines(against)) return false;
  return value === undefined || other === undefined ? frame.data === against.data : isSame(value, other);
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

// Request, answer and curl line of one exchange; what differs from another is marked.
function drawExchange(exchange, beside = null) {
  const { request, response } = exchange;
  const other = beside && beside.response;
  const timing = [];
  if (response.first_byte_s !== null) timing.push(`${words.first_byte} ${seconds(response.first_byte_s)}`);
  timing.push(`${words.total} ${seconds(response.total_s)}`);
  const status = response.status === null ? words.no_answer : String(response.status);
  const streamed = response.frames !== null && response.frames.length > 0;
  const answer = el(
    "div",
    streamed ? "whole" : "",
    oddIf(other && other.status !== response.status, put(el("h4"), `${words.answer}${words.colon}${status}`)),
    el("p", "quiet", timing.join(words.comma)),
    response.failure === null ? null : put(el("p", "word"), response.failure),
    headerTable(response.headers, other && other.headers),
  );
  if (streamed) {
    const raw = el("details", "", el("summary", "", words.as_came));
    raw.addEventListener("toggle", () => raw.open && raw.children.length < 2 && raw.append(bodyBox(response.body, words.as_came)));
    answer.append(el("p", "quiet", `${words.frames}${words.colon}${number(response.frames.length)}`), frameTable(response.frames, other && other.frames), raw);
  } else {
    answer.append(bodyBox(response.body, words.as_came, other && other.body));
  }
  const sent = el(
    "div",
    "",
    put(el("h4"), `${words.request}${words.colon}${request.method} ${request.url}`),
    headerTable(request.headers, beside && beside.request.headers),
    bodyBox(request.body, words.as_sent, beside && beside.request.body),
  );
  return el("div", "exchange", sent, answer, el("div", "whole", el("h4", "", "curl"), copyLine(exchange.curl)));
}

function oddIf(differs, node) {
  return differs ? odd(node) : node;
}

// Whether the browser cannot unpack evidence; it is told in its place.
function tooOld(place) {
  if (!blockOf.size || typeof DecompressionStream !== "undefined") return false;
  place.replaceChildren(el("p", "quiet", words.old_browser));
  return true;
}

// Fills a place with evidence; once.
function draw(place, found, remarks, beside = null) {
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
  place.append(found.exchange ? drawExchange(found.exchange, beside) : el("p", "quiet", words.no_evidence));
}
