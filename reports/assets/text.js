// Text from endpoints is only ever set as text. What cannot be seen is shown as its code point.

const UNSEEN = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/u;
const UNSEEN_ALL = new RegExp(UNSEEN.source, "gu");
const FOLD_LINES = 40;
const FOLD_CHARACTERS = 6000;

function el(tag, kind, ...children) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  for (const child of children) if (child !== null && child !== undefined) made.append(child);
  return made;
}

function codePoint(character) {
  return "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
}

// Appends text to a node; control, direction and format characters become marked code points.
function put(node, text) {
  if (!UNSEEN.test(text)) {
    node.append(text);
    return node;
  }
  let from = 0;
  for (const found of text.matchAll(UNSEEN_ALL)) {
    node.append(text.slice(from, found.index), el("span", "cp", codePoint(found[0])));
    from = found.index + found[0].length;
  }
  node.append(text.slice(from));
  return node;
}

function number(value) {
  return value.toLocaleString("en-US");
}

function size(text) {
  const lines = text.split("\n").length;
  const told = `${number(text.length)} ${words.characters}`;
  return lines > 1 ? `${number(lines)} ${words.lines}${words.comma}${told}` : told;
}

// Long text is folded: its beginning, its size, and a button for the rest.
function folded(kind, text) {
  const node = el("span", kind);
  const lines = text.split("\n");
  if (lines.length <= FOLD_LINES && text.length <= FOLD_CHARACTERS) return put(node, text);
  const start = lines.slice(0, FOLD_LINES).join("\n").slice(0, FOLD_CHARACTERS / 2);
  put(node, start + "\u2026");
  const more = el("button", "copy", `${words.show_all}${words.colon}${size(text)}`);
  more.type = "button";
  more.addEventListener("click", () => {
    node.replaceChildren();
    put(node, text);
  });
  node.append(el("div", "fold", more));
  return node;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// Bytes that are no text, sixteen a line, with what of them is ASCII beside.
function hexDump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.slice(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${ascii}`);
  }
  return lines.join("\n");
}
