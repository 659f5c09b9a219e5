// Copy buttons: a command beside them, or a finding as Markdown for a ticket.

const LONGEST_QUOTE = 4000;

async function copy(button, text) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = copyBySelection(text);
  }
  const label = button.textContent;
  button.textContent = done ? words.copied : words.copy_failed;
  announce(button.textContent);
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

function copyBySelection(text) {
  const area = el("textarea", "away");
  area.value = text;
  (document.querySelector("dialog[open]") || document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function announce(text) {
  document.getElementById("said").textContent = text;
}

// A fence longer than any run of backticks inside, so that no body can end it.
function fenced(kind, text) {
  const runs = text.match(/`+/g) || [];
  const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  const cut = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}\n\u2026 ${size(text)}` : text;
  return `${fence}${kind}\n${cut}\n${fence}`;
}

function shown(text) {
  return text.replace(UNSEEN_ALL, (character) => `[${codePoint(character)}]`);
}

function quoted(text) {
  return `\`${shown(text).replaceAll("`", "'").replace(/\s+/g, " ")}\``;
}

function ticket(cell, found) {
  const about = aboutOf(cell);
  const lines = [`### ${shown(about.title).replace(/[\\`*_{}\[\]<>#|]/g, "\\$&")}`, ""];
  for (const [label, text, more] of about.facts) if (text) lines.push(`- ${label}${words.colon}${quoted(text)}${more || ""}`);
  if (found && found.expected) lines.push(`- ${words.expected}${words.colon}${quoted(found.expected)}`);
  if (found && found.observed) lines.push(`- ${words.observed}${words.colon}${quoted(found.observed)}`);
  if (found && found.why) lines.push(`- ${words.reason}${words.colon}${quoted(found.why)}`);
  if (about.alone) lines.push("", fenced("sh", about.alone));
  const exchange = found && found.exchange;
  if (exchange) {
    const { response } = exchange;
    lines.push("", fenced("sh", exchange.curl), "");
    lines.push(`${words.answer}${words.colon}${response.status === null ? words.no_answer : response.status}`, "");
    if (response.failure) lines.push(quoted(response.failure), "");
    if (response.body.text) lines.push(fenced("", shown(response.body.text)));
    else if (response.body.base64) lines.push(fenced("", hexDump(bytesOf(response.body.base64))));
  }
  return `${lines.join("\n")}\n`;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  if (button.dataset.copy === "command") {
    await copy(button, button.previousElementSibling.textContent);
    return;
  }
  const holder = button.closest("[data-cell]");
  const cell = Number(holder.dataset.cell);
  await copy(button, ticket(cell, await evidenceOf(cell)));
});
