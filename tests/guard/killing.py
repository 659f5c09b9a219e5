"""Many processes write to one ledger while one of them is killed again and again.

    python -m tests.guard.killing FILE|URL [--seconds 60] [--every 1] [--writers 8]

Each writer notes what the ledger has acknowledged, in a file of its own, after it was: a line for
a reservation and a line for a usage. In the end the ledger must hold all of it, and nothing twice.
Prints what was found as JSON; exit code 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from tests.guard.sums import sums
from tokenassay import estimate
from tokenassay.guard import Guard, OverBudget
from tokenassay.guard.ledger import open_ledger

BODY: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "How are you?"}],
    "max_tokens": 50,
}
TIGHT = "0.002 CNY/tag"
"""The first writers' budget: it is soon reached, and must hold however many try."""


_PATIENCE_S = 120


def write(where: str, notes: Path, number: int, begin: int) -> NoReturn:
    """Reserve and settle calls until one is killed."""
    os.nice(10)  # eight at full speed would keep the tests beside them waiting
    guard = Guard(
        ledger=where, budget=["1000000 CNY/day", *([TIGHT] if number < 2 else [])], tag=_tag(number)
    )
    dice = random.Random(begin)
    file = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, b"\n")  # the last line of one that was killed may be half a line
    while True:
        try:
            admission = guard.admit(BODY)
        except OverBudget:
            os.write(file, b"refused\n")
            continue
        os.write(file, f"reserved {admission.id}\n".encode())
        used = dice.randint(1, 9), dice.randint(1, 50)  # no more than was reserved
        assert admission.settle(*used)
        os.write(file, f"settled {admission.id} {used[0]} {used[1]}\n".encode())
        assert not admission.settle(7, 7)  # what was settled stays so


def _tag(number: int) -> str:
    return "tight" if number < 2 else f"writer-{number}"


def run(where: str, *, seconds: float, every: float, writers: int = 8) -> dict[str, Any]:
    """Let writers write, kill one every so many seconds, and say what the ledger holds."""
    estimate(BODY)  # so that no writer has to load what this needs
    Guard(ledger=where).close()
    dice = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:

        def start(number: int, begin: int) -> int:
            child = os.fork()
            if child == 0:
                try:
                    write(where, Path(folder) / f"{number}.{begin}", number, begin)
                except BaseException as error:
                    print(f"writer {number}: {error!r}", file=sys.stderr)
                os._exit(1)
            return child

        children = [start(number, 0) for number in range(writers)]
        kills = died = 0
        until = time.monotonic() + seconds
        while time.monotonic() < until or not _enough(folder, kills + writers, until):
            time.sleep(every)
            number = dice.randrange(writers)
            os.kill(children[number], signal.SIGKILL)
            died += not os.WIFSIGNALED(os.waitpid(children[number], 0)[1])
            kills += 1
            children[number] = start(number, kills)
        for child in children:
            os.kill(child, signal.SIGKILL)
            died += not os.WIFSIGNALED(os.waitpid(child, 0)[1])
        notes = [path.read_text("utf-8") for path in Path(folder).iterdir()]
    return {"kills": kills + writers, "died": died, **judge(where, notes)}


def _enough(folder: str, kills: int, until: float) -> bool:
    """Whether something can be proven; on a slow machine that takes longer than was asked for."""
    texts = [path.read_text("utf-8") for path in Path(folder).iterdir()]
    settled = sum(text.count("settled") for text in texts)
    refused = any("refused" in text for text in texts)
    return (settled > kills + 20 and refused) or time.monotonic() > until + _PATIENCE_S


def judge(where: str, notes: list[str]) -> dict[str, Any]:
    """What was acknowledged, against what the ledger holds."""
    store = open_ledger(where, create=False)
    calls = store.read(
        lambda rows: rows(
            "SELECT id, state, input_billed, output_billed, cost_nano, reserved_nano, tag "
            "FROM tokenassay_calls"
        )
    )
    rows = {row[0]: row for row in calls}
    counted_at = sums(store)
    store.close()
    lines = [line.split() for text in notes for line in text.splitlines()]
    reserved = {line[1] for line in lines if line[:1] == ["reserved"] and len(line[1]) == 32}
    settled = {line[1]: line[2:] for line in lines if line[:1] == ["settled"]}
    sent = [row for row in rows.values() if row[1] != "refused"]
    counted = dict.fromkeys(("", *(f"={row[6]}" for row in sent)), 0)
    for row in sent:
        owed = row[5] if row[4] is None else row[4]
        counted[""] += owed
        counted[f"={row[6]}"] += owed
    tight = counted.get("=tight", 0)
    return {
        "acknowledged": len(reserved),
        "settled": len(settled),
        "lost": len(reserved - rows.keys()),
        "wrongly_settled": sum(
            rows[id][1] != "settled" or [str(n) for n in rows[id][2:4]] != used
            for id, used in settled.items()
        ),
        "not_acknowledged": len(sent) - len(reserved),
        "unsettled": sum(row[1] == "open" for row in sent),
        "miscounted": sum(
            counted_at[scope, "", "CNY"] != owed
            or sum(n for (s, p, _), n in counted_at.items() if s == scope and len(p) == 10) != owed
            for scope, owed in counted.items()
            if owed
        ),
        "refused": len(rows) - len(sent),
        "over_budget": tight > Decimal(TIGHT.split()[0]) * 10**9,
    }


def wrong(found: dict[str, Any]) -> list[str]:
    """What must not be so."""
    faults = ("died", "lost", "wrongly_settled", "miscounted", "over_budget")
    said = [f"{name}: {found[name]}" for name in faults if found[name]]
    # A kill may come between a commit and its note, once for each kill.
    if not 0 <= found["not_acknowledged"] <= found["kills"]:
        said.append(f"counted twice: {found['not_acknowledged']}")
    if found["unsettled"] > found["kills"]:
        said.append(f"unsettled: {found['unsettled']}")
    if not (found["refused"] and found["settled"] > found["kills"]):
        said.append("too little was written to prove anything")
    return said


def main() -> int:
    """Run it by hand; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("where")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--every", type=float, default=1)
    parser.add_argument("--writers", type=int, default=8)
    given = parser.parse_args()
    found = run(given.where, seconds=given.seconds, every=given.every, writers=given.writers)
    print(json.dumps({**found, "wrong": wrong(found)}))
    return int(bool(wrong(found)))


if __name__ == "__main__":
    sys.exit(main())
