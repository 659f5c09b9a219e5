// JSON as a tree that unfolds. Numbers stand as they were written: 2.0 is not 2.

const OPEN_DEPTH = 5;
const ENTRIES = 40;

const unfilled = new Map();

class Written {
  constructor(source) {
    this.source = source;
  }
}

// The parsed value, or undefined where the text is not JSON (or too deep for a browser).
function parseJson(text) {
  try {
    return JSON.parse(text, (key, value, context) =>
      typeof value === "number" && context && context.source !== undefined
        ? new Written(context.source)
        : value,
    );
  } catch {
    return undefined;
  }
}

function leaf(value) {
  if (value instanceof Written) return el("span", "num", value.source);
  if (typeof value === "number") return el("span", "num", String(value));
  if (typeof value === "string") {
    const node = folded("str", value);
    node.prepend('"');
    node.append('"');
    return node;
  }
  return el("span", "word", String(value));
}

function isLeaf(value) {
  return value === null || typeof value !== "object" || value instanceof Written;
}

// With another value, what differs from it is marked.
function tree(value, name = null, depth = 0, other = NOTHING) {
  const key = name === null ? null : put(el("span", "key"), name);
  if (isLeaf(value)) return marked(el("div", "", key, key && ": ", leaf(value)), value, other, name);
  const entries = Array.isArray(value) ? value.map((item, at) => [String(at), item]) : Object.entries(value);
  const marks = Array.isArray(value) ? "[]" : "{}";
  if (!entries.length) return marked(el("div", "", key, key && ": ", marks), value, other, name);
  const details = el("details");
  const told = el("span", "count", ` ${marks[0]} ${number(entries.length)} ${marks[1]}`);
  details.append(marked(el("summary", "", key, told), value, other, name));
  const list = el("ul");
  details.append(list);
  let shown = 0;
  const more = () => {
    for (const [inner, item] of entries.slice(shown, shown + ENTRIES)) {
      list.append(el("li", "", tree(item, inner, depth + 1, partOf(other, inner))));
    }
    shown += ENTRIES;
    if (shown >= entries.length) return;
    const rest = el("button", "copy", `${words.show_more}${words.colon}${number(entries.length - shown)} ${words.entries}`);
    rest.type = "button";
    const holder = el("li", "", rest);
    rest.addEventListener("click", () => {
      holder.remove();
      more();
    });
    list.append(holder);
  };
  if (depth < OPEN_DEPTH) {
    details.open = true;
    more();
    return details;
  }
  if (other !== NOTHING && other !== ABSENT && !isSame(value, other)) details.classList.add("odd");
  unfilled.set(details, more);
  details.addEventListener("toggle", () => details.open && unfold(details));
  return details;
}

function unfold(details) {
  const draw = unfilled.get(details);
  unfilled.delete(details);
  if (draw) draw();
}

// All branches under a node, as far as paper can bear it.
function unfoldAll(node, most = 400) {
  for (let turn = 0; turn < most; turn += 1) {
    const next = [...unfilled.keys()].find((details) => node.contains(details));
    if (!next) return;
    unfold(next);
    next.open = true;
  }
}
