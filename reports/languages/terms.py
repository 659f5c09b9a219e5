"""Labels of a page: every language fills all of them."""

from __future__ import annotations

from tokenassay.contracts.records import Record


class Terms(Record, frozen=True, kw_only=True):
    """Words and short phrases, by where they stand."""

    # masthead
    report: str
    estimate: str
    endpoint: str
    model: str
    edition: str
    started: str
    duration: str
    version: str
    seed: str
    examples: str
    command: str
    document: str
    kept_of: str
    violations: str
    requests: str
    spent: str
    suite: str
    suite_missing: str
    hallmark: str
    unknown: str
    none: str
    # sections
    findings: str
    promises: str
    meter: str
    bounds: str
    time: str
    not_run: str
    again: str
    about: str
    sources: str
    # findings
    expected: str
    observed: str
    evidence: str
    clause: str
    statement: str
    level: str
    source: str
    alone: str
    no_findings: str
    copy: str
    copied: str
    copy_failed: str
    copy_ticket: str
    link: str
    # matrix
    search: str
    search_hint: str
    only_differences: str
    family: str
    all_families: str
    clear: str
    keys: str
    promise: str
    cell_hint: str
    not_promised: str
    differs: str
    reason: str
    close: str
    # evidence
    request: str
    answer: str
    headers: str
    body: str
    as_sent: str
    as_came: str
    tree: str
    frames: str
    frame: str
    after: str
    no_answer: str
    empty: str
    first_byte: str
    total: str
    invalid_bytes: str
    cut: str
    show_all: str
    show_more: str
    lines: str
    characters: str
    bytes: str
    entries: str
    left_out_evidence: str
    no_evidence: str
    old_browser: str
    no_script: str
    observations: str
    # charts
    numbers: str
    counted: str
    billed: str
    what: str
    basis: str
    difference: str
    parameter: str
    documented: str
    seen: str
    answers: str
    slowest: str
    points: str
    total_time: str
    first_frame: str
    honest_line: str
    fitted_line: str
    everything: str
    # estimate
    cost: str
    cost_low: str
    cost_high: str
    tokens: str
    input: str
    output: str
    part: str
    share: str
    refusals: str
    no_refusals: str
    refused: str
    answer_to_expect: str
    notes: str
    left_out: str
    price: str
    # audit
    audit: str
    input_counted: str
    input_billed: str
    overcharge: str
    overcharge_requests: str
    tokens_per_request: str
    at_most: str
    probes: str
    purpose: str
    script: str
    output_counted: str
    output_billed: str
    streamed: str
    said: str
    example: str
    template: str
    input_meter: str
    output_meter: str
    only_off: str
    # compare
    comparison: str
    differences: str
    difference_list: str
    differences_against: str
    no_differences: str
    requests_each: str
    endpoints: str
    baseline: str
    beside: str
    beside_none: str
    side_by_side: str
    marked: str
    differs_here: str
    asked: str
    half_within: str
    # page
    colon: str
    comma: str
    stop: str
    second: str
    theme: str
    theme_auto: str
    theme_light: str
    theme_dark: str
    skip: str
    contents: str

    outcomes: dict[str, str]
    outcome_help: dict[str, str]
    likeness: dict[str, str]
    """What the outcomes are called where endpoints are held against each other."""
    likeness_help: dict[str, str]
    facets: dict[str, str]
    """What can part endpoints, by the names that a comparison gives it."""
    bands: dict[str, str]
    """Groups of these."""
    purposes: dict[str, str]
    scripts: dict[str, str]
    families: dict[str, str]
    levels: dict[str, str]
    bases: dict[str, str]
    agreements: dict[str, str]

    about_run: tuple[str, ...]
    """How the numbers of a run are to be read, a paragraph each."""
    about_comparison: tuple[str, ...]
    about_audit: tuple[str, ...]
    about_estimate: tuple[str, ...]
    """The same for an estimate."""
