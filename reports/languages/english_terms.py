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
    audit="audit of the meter",
    input_counted="input tokens counted",
    input_billed="input tokens billed",
    overcharge="overcharge per million tokens",
    overcharge_requests="overcharge per million requests",
    tokens_per_request="tokens of a request, on average",
    at_most="at most, told before",
    probes="Probes",
    purpose="Asked for",
    script="Text",
    output_counted="Output counted",
    output_billed="Output billed",
    streamed="streamed",
    said="In detail",
    example="The smallest request that shows it",
    template="Template",
    input_meter="Input",
    output_meter="Output",
    only_off="Only what is off",
    comparison="comparison",
    differences="differences",
    difference_list="Differences",
    differences_against="against the documents",
    no_differences="No difference goes beyond what the documents say.",
    requests_each="Requests",
    endpoints="Endpoints",
    baseline="baseline",
    beside="Beside",
    beside_none="nothing",
    side_by_side="Requests and answers side by side",
    marked="What differs is marked; ids and times only where they are of another kind.",
    differs_here="differs from the other",
    asked="Request",
    half_within="Half within",
    colon=": ",
    comma=", ",
    stop=". ",
    second="s",
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
    likeness={
        "kept": "alike",
        "non-strict": "non-strict",
        "violated": "differs",
        "observed": "differs as documented",
        "inconclusive": "differs, undocumented",
        "not-run": "not asked",
    },
    likeness_help={
        "kept": "it answers as the reference does",
        "non-strict": "something it should do was missed",
        "violated": "it answers otherwise, against what the documents say",
        "observed": "it answers otherwise, as the documents say",
        "inconclusive": "it answers otherwise, and the documents do not tell",
        "not-run": "it was not asked, or did not answer",
    },
    facets={
        "acceptance": "what is accepted",
        "refusal.status": "status of a refusal",
        "refusal.code": "code of a refusal",
        "refusal.message": "message of a refusal",
        "refusal.form": "fields of a refusal",
        "refusal.usage": "billing of a refusal",
        "answer.kind": "content type of the answer",
        "answer.style": "style of the answer, message or text",
        "answer.form": "fields of the answer",
        "answer.text": "whether an answer says anything",
        "answer.model": "model that the answer names",
        "answer.role": "role in the answer",
        "answer.choices": "number of choices",
        "answer.finish_reason": "reason for which the answer ends",
        "answer.cap": "keeping to the cap on tokens",
        "answer.stop": "ending at a stop word",
        "answer.tools": "calls of tools",
        "answer.json": "JSON where it was asked for",
        "usage.presence": "whether usage is told",
        "usage.input": "billed input",
        "usage.output": "billed output beside its text",
        "usage.total": "total of the usage",
        "stream.lines": "lines of frames",
        "stream.form": "fields of frames",
        "stream.mode": "text in frames",
        "stream.usage": "usage in frames",
        "stream.order": "order of frames",
        "stream.end": "end of the stream",
        "stream.ids": "ids of frames",
        "store.truth": "what is told of stored files and batches",
    },
    bands={
        "acceptance": "Differences: acceptance",
        "refusal": "Differences: refusals",
        "answer": "Differences: answers",
        "usage": "Differences: usage",
        "stream": "Differences: streams",
        "store": "Differences: files and batches",
    },
    purposes={
        "input": "input",
        "output": "output",
        "repeat": "repeated",
        "markers": "markers",
        "error": "refusal",
    },
    scripts={},
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
    about_comparison=(
        (
            "The same requests went to every endpoint, each in its own dialect. The words of "
            "answers are not compared, for models choose them freely; their form, their ending "
            "and their usage are."
        ),
        (
            "A difference was seen twice, then made as small as it would go. What a broader "
            "difference brings about is not told again."
        ),
        (
            "Whether a difference is to be expected is read from the documents that each endpoint "
            "is held to. “Against the documents” says that one of the two does not do what its own "
            "documents say; it need not be the one that stands apart."
        ),
    ),
    about_audit=(
        (
            "Tokens are whole numbers, so a law of billing holds exactly or not at all: nothing "
            "is averaged. One answer in forty may be odd; it is left aside and named."
        ),
        (
            "Tokens are counted by the local tokenizer through the template that explains the "
            "bills, the model's own before all others. Exact: published answers back that "
            "template. Modelled: they do not, for this model or day."
        ),
        (
            "Money is what the endpoint's own usage comes to at the prices on record. The "
            "overcharge is the difference to what the counted tokens cost, over requests like "
            "those of this audit."
        ),
        (
            "Texts with markers and refused requests are judged apart; they are in the table of "
            "probes and not in the sums or the pictures."
        ),
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
