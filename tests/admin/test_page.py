from __future__ import annotations

import pytest

from django_safe_migrate.admin.page import prose


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain & simple", "plain &amp; simple"),
        (
            "the column `note` of `shop_order`",
            "the column <code>note</code> of <code>shop_order</code>",
        ),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("one ` only", "one ` only"),
        ("{} %s", "{} %s"),
        ("", ""),
    ],
)
def test_backticks_become_code(text: str, html: str) -> None:
    assert prose(text) == html
