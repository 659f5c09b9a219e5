"""English about what parts endpoints."""

from __future__ import annotations

from tokenassay.conformance.compare.rows import DifferenceRow
from tokenassay.conformance.results import TargetRow
from tokenassay.reports.comparisons import Compared
from tokenassay.reports.languages.speech import Language


class EnglishComparisons(Language):
    """What is said of a comparison in plain English."""

    def comparison_title(self, compared: Compared) -> str:
        names = ", ".join(target.name for target in compared.document.targets)
        return f"{names} compared: assay report"

    def comparison_verdict(self, compared: Compared) -> str:
        if len(compared.targets) < 2:
            return "Fewer than two endpoints could be asked, so nothing was compared."
        who = f"{len(compared.targets)} endpoints"
        many = len(compared.differences)
        if not many:
            return f"{who} answered the same requests alike."
        parts = f"{_count(many, 'difference')} {'part' if many != 1 else 'parts'} {who}"
        against = len(compared.against)
        if against:
            verb = "goes" if against == 1 else "go"
            which = "it" if many == 1 else f"{against} of them"
            return f"{parts}; {which} {verb} against the documents."
        if compared.unexpected:
            return f"{parts}; the documents do not tell of {len(compared.unexpected)} of them."
        return f"{parts}, as their documents say."

    def unlikeness(self, compared: Compared, name: str) -> str:
        found = compared.of(name)
        if not found:
            return f"{name} answers as the others do."
        against = sum(one.documented is False for one in found)
        silent = sum(one.documented is None for one in found)
        said = [f"{against} against the documents"] if against else []
        said += [f"{silent} of which no document tells"] if silent else []
        rest = len(found) - against - silent
        said += [f"{rest} as the documents say"] if rest else []
        ways = f"{name} stands apart in {_count(len(found), 'way')}"
        if len(said) == 1:
            return f"{ways}, {said[0].partition(' ')[2]}."
        return f"{ways}: {', '.join(said)}."

    def differing(self, count: int) -> str:
        return _count(count, "difference")

    def unlike(self, difference: DifferenceRow) -> str:
        what = self.terms.facets.get(difference.facets[0], difference.title)
        return f"{_listed(difference.deviants)} unlike {difference.reference}: {what}"

    def expected_unlike(self, difference: DifferenceRow) -> str:
        if difference.documented is None:
            return "the documents do not tell"
        if difference.documented:
            return "as their documents say"
        return "not what the documents say"

    def documented_rest(self, count: int) -> str:
        verb = "is" if count == 1 else "are"
        it = "it stands" if count == 1 else "they stand"
        return (
            f"{_count(count, 'difference')} {verb} as the endpoints' own documents say; "
            f"{it} in the table."
        )

    def cut_short(self, target: TargetRow) -> str:
        why = target.stop_reason or "it has not come to its end"
        if target.unusable:
            return f"{target.name} could not be compared: {why}."
        return f"{target.name} was not asked to the end: {why}."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
