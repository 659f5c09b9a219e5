// What differs between two JSON values. What is made anew for each answer, ids and times, is held
// only to be of the same kind.

const NOTHING = Symbol("no other value to compare with");
const ABSENT = Symbol("the other has no such part");
const FRESH = new Set(["id", "request_id", "created", "system_fingerprint"]);

function kindOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  return value instanceof Written ? "number" : typeof value;
}

function isSame(one, other, name = "") {
  if (kindOf(one) !== kindOf(other)) return false;
  if (isLeaf(one)) {
    if (FRESH.has(name)) return true;
    return one instanceof Written ? one.source === other.source : one === other;
  }
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key], key))
  );
}

// The counterpart of one part; nothing where the whole has none.
function partOf(other, key) {
  if (other === NOTHING || other === ABSENT || isLeaf(other)) return NOTHING;
  return Object.hasOwn(other, key) ? other[key] : ABSENT;
}

// Marks a node where its value differs as a whole: another kind, another leaf, or none there.
function marked(node, value, other, name) {
  if (other === NOTHING) return node;
  const whole = other === ABSENT || kindOf(value) !== kindOf(other) || isLeaf(value);
  if (!whole || (other !== ABSENT && isSame(value, other, name))) return node;
  return odd(node);
}

function odd(node) {
  const sign = el("span", "ne", "\u2260");
  sign.title = words.differs_here;
  node.classList.add("odd");
  node.prepend(sign, " ");
  return node;
}
