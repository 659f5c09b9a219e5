"""The labels of English pages."""

from __future__ import annotations

from typing import Final

from tokenassay.reports.languages.terms import Terms

TERMS: Final = Terms(
    report="assay report",
    estimate="estimate",
    endpoint="Endpoint",
    model="Model",
    edition="Edition",
    started="Started",
    duration="Duration",
    version="Version",
    seed="Seed",
    examples="Examples",
    command="Command",
    document="Document",
    kept_of="kept of decided",
    violations="violations",
    requests="requests",
    spent="spent",
    suite="lies caught by the suite",
    suite_missing="not on record",
    hallmark="Hallmark: endpoint held, edition, date",
    unknown="unknown",
    none="none",
    findings="Findings",
    promises="Promises",
    meter="Meter",
    bounds="Bounds",
    time="Time",
    not_run="What was not run",
    again="How to run this again",
    about="About the numbers",
    sources="Sources",
    expected="Expected",
    observed="Observed",
    evidence="Request, answer and curl",
    clause="Clause",
    statement="It states",
    level="Level",
    source="Source",
    alone="This promise alone",
    no_findings="Nothing that was decided is broken.",
    copy="Copy",
    copied="Copied",
    copy_failed="Not copied: select and copy by hand",
    copy_ticket="Copy as Markdown",
    link="Link to this finding",
    search="Search promises",
    search_hint="words of a promise, clause or id",
    only_differences="Only where endpoints differ",
    family="Family",
    all_families="All families",
    clear="Show all",
    keys="/ searches, arrow keys move, Enter opens, Esc closes",
    promise="Promise",
    cell_hint="Enter opens the evidence",
    not_promised="not promised by this endpoint's edition",
    differs="endpoints differ",
    reason="Why",
    close="Close",
    request="Request",
    answer="Answer",
    headers="Headers",
    body="Body",
    as_sent="As it was sent",
    as_came="As it came",
    tree="As a tree",
    frames="frames",
    frame="frame",
    after="after",
    no_answer="No answer",
    empty="empty",
    first_byte="first byte",
    total="in all",
    invalid_bytes="Not UTF-8; shown as hex",
    cut="Only the beginning is here; the run file has the whole.",
    show_all="Show all",
    show_more="Show more",
    lines="lines",
    characters="characters",
    bytes="bytes",
    entries="entries",
    left_out_evidence="This page would grow too large with this evidence; results.json has it.",
    no_evidence="No request was sent for this.",
    old_browser="This browser is too old to unpack the evidence; results.json has it.",
    no_script="Evidence, filters and copying need scripts; everything else is here without them.",
    observations="Noted on the way",
    numbers="The numbers",
    counted="Counted",
    billed="Billed",
    what="Request",
    basis="Basis",
    difference="Difference",
    parameter="Parameter",
    documented="Documented",
    seen="Observed",
    answers="Answers",
    slowest="slowest",
    points="requests",
    total_time="Whole answer",
    first_frame="First byte",
    honest_line="billed as counted",
    fitted_line="fitted",
    everything="all",
    cost="Cost",
    cost_low="At least",
    cost_high="At most",
    tokens="Tokens",
    input="Input",
    output="Output",
    part="Part",
    share="Share",
    refusals="Refusals",
    refused="refused",
    no_refusals="No document refuses this request.",
    answer_to_expect="Answer to expect",
    notes="Notes",
    left_out="Models left out",
    price="Price",
    theme="Colours",
    theme_auto="as the system",
    theme_light="light",
    theme_dark="dark",
    skip="Skip to the findings",
    contents="On this page",
    outcomes={
        "kept": "kept",
        "non-strict": "non-strict",
        "violated": "violated",
        "observed": "observed",
        "inconclusive": "inconclusive",
        "not-run": "not run",
    },
    outcome_help={
        "kept": "it did as its documents say",
        "non-strict": "something it should do was missed",
        "violated": "it broke what its documents say in plain words",
        "observed": "the documents leave it open, so it was only noted",
        "inconclusive": "it could not be told",
        "not-run": "it was not tried",
    },
    families={
        "parameters": "Parameters",
        "combinations": "Combinations",
        "messages": "Messages",
        "limits": "Limits",
        "errors": "Errors",
        "responses": "Responses",
        "streams": "Streams",
        "metering": "Metering",
        "tools": "Tools",
        "files": "Files",
        "batches": "Batches",
        "tokens": "Token API",
        "clients": "Clients",
    },
    levels={"must": "must", "should": "should", "unspecified": "unspecified"},
    bases={name: name for name in ("exact", "calibrated", "modelled", "approximate")},
    agreements={
        "same": "as documented",
        "wider": "wider than documented",
        "narrower": "narrower than documented",
        "unknown": "not found",
    },
    about_run=(
        (
            "A promise is kept, non-strict or violated; only these count as decided, and “kept of "
            "decided” is of them. What was observed, inconclusive or not run is never kept."
        ),
        (
            "A refusal counts only where the same request without its fault was accepted in this "
            "run. A violation counts only where it happened again when the request was repeated."
        ),
        (
            "Money is what the endpoint's own usage comes to at the prices on record; where an "
            "answer states no usage, the most that the request could cost. Whatever a price list "
            "does not tell is unknown, and is never counted as nothing."
        ),
        (
            "Tokens are counted by the local tokenizer through the template that the model had at "
            "the edition's date. Exact: that template is backed by published answers. Modelled: it "
            "is not backed for this model or day, so that a constant difference is no breach."
        ),
        "Percentiles are of answers that came to their end, each a time that was measured.",
    ),
    about_estimate=(
        (
            "Nothing was sent. Tokens are counted by the local tokenizer through the template that "
            "the model had on the day asked for. Exact: that template is backed by published "
            "answers. Modelled: it is known, but not backed for this model or day. Approximate: no "
            "vocabulary is at hand, and a rule gives a range."
        ),
        (
            "A cost goes from the least that the call can cost to the most that it may, for the "
            "length of the answer is not known before. An unknown price is never counted as "
            "nothing."
        ),
        (
            "A refusal of level must stands in plain words in the document; should follows from it,"
            " or the answer is not printed."
        ),
    ),
)
