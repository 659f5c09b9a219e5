"""No token reaches across a seam, so that parting a text there changes no merge."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from tokenassay.estimators.tokens import table, vocabulary
from tokenassay.estimators.tokens.seams import Seams


@pytest.fixture(scope="module")
def seams() -> Seams:
    return Seams()


def test_no_token_reaches_across_a_seam(seams: Seams) -> None:
    # A token that holds the last bytes of an ideograph and the first of another is completed to
    # these two in every way there is: between them must be no seam.
    ends: defaultdict[bytes, list[str]] = defaultdict(list)
    starts: defaultdict[bytes, list[str]] = defaultdict(list)
    for ideograph in map(chr, range(0x4E00, 0x9FA6)):
        data = ideograph.encode()
        for size in (1, 2, 3):
            ends[data[-size:]].append(ideograph)
            starts[data[:size]].append(ideograph)
    reaching = 0
    for token in vocabulary.tokens()[: vocabulary.SIZE]:
        for cut in range(1, len(token)):
            for left in ends.get(token[:cut][-3:], ()):
                pairs = "\n".join(left + right for right in starts.get(token[cut:][:3], ()))
                if pairs:
                    assert seams.part(pairs)[1].size == 0, (token, pairs)
                    reaching += 1
    assert reaching > 15_000


def test_every_token_is_what_merging_makes_of_its_bytes() -> None:
    # Else a part that is a token by itself might have been several within the whole.
    merging = table.Table()
    for id, token in enumerate(vocabulary.tokens()[: vocabulary.SIZE]):
        assert merging.merge(token) == [id]


def test_seams_are_many_and_parting_only_adds_digits(seams: Seams) -> None:
    random_ = random.Random(3)
    text = "今天天气很好，我们一起去公园散步。" + "".join(
        chr(random_.randrange(0x4E00, 0x9FA6)) for _ in range(1000)
    )
    parted, places = seams.part(text)
    assert len(places) > 900
    assert parted.replace("0", "") == text
    written = [index for index, character in enumerate(parted) if character == "0"]
    assert written == [place + order for order, place in enumerate(places.tolist())]


@pytest.mark.parametrize("text", ["", "的", "plain text", "한국어 텍스트", "\n\n", "😀的😀"])
def test_other_text_stays_whole(text: str, seams: Seams) -> None:
    parted, places = seams.part(text)
    assert (parted, places.size) == (text, 0)
