"""The log (HAR) that a real browser writes of its own calls can be reconciled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.estimators.bills import traffic
from tokenassay.conformance import mock
from tokenassay.estimators.bills.reconciling import reconcile
from tokenassay.estimators.bills.weighing import Terms

CALLS = 18
SEND = """async ([url, headers, body]) => {
  const answer = await fetch(url, {method: 'POST', headers, body});
  return (await answer.text()).length;
}"""


def record(browser: Browser, endpoint: mock.Endpoint, path: Path) -> None:
    """Let the browser ask, plainly and by stream, and record all that it does."""
    context = browser.new_context(record_har_path=str(path))
    page = context.new_page()
    page.goto(endpoint.url)  # of the same origin, whatever it shows
    url = endpoint.base_url + "/services/aigc/text-generation/generation"
    for body, stream in traffic.bodies(traffic.NATIVE, CALLS):
        headers = {"authorization": f"Bearer {endpoint.api_key}"}
        headers["content-type"] = "application/json"
        if stream:
            headers["x-dashscope-sse"] = "enable"
        assert page.evaluate(SEND, [url, headers, json.dumps(body, ensure_ascii=False)]) > 50
    context.close()


@pytest.mark.parametrize("lie", [None, "overcounts_input_by_one"])
def test_a_browsers_log_is_read(browser: Browser, lie: str | None, tmp_path: Path) -> None:
    path = tmp_path / "calls.har"
    with mock.running(traffic.NATIVE, lies=[lie] if lie else []) as endpoint:
        record(browser, endpoint, path)
    found = reconcile(str(path), terms=Terms(edition=traffic.NATIVE))
    assert (found.calls, found.fault_count) == (CALLS, 0), found.faults
    assert found.forms == {"browser's log": CALLS}
    assert found.skipped["no request of a model"] >= 1
    (model,) = found.models
    assert model.tally.streamed == CALLS // 3
    assert model.verdict == ("constant surplus" if lie else "agrees"), model.why
    assert model.offset == (1 if lie else 0)
