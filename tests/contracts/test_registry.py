"""What the product can be asked and what it says: nothing outside the registry, nothing unheard-of on the wire."""

import ast
from pathlib import Path

from server import app as composition
from server import handlers
from shared import wire
from tests.contracts import tree
from tests.server.house import House, found_company

# The pages of signing in, the texts, health, and the files of the console; everything else is in the registry.
PUBLIC_PAGES = {"/", "/sign-in", "/sign-out", "/api/v1/texts/<language>.json", "/favicon.ico", "/healthz", "/readyz"}
# What customers open without a login: each counts its callers, takes forms only with their token, shows by link alone.
PUBLIC_PAGES |= {"/report", "/safety", "/faq", "/language/<language>", "/s/<work_order_id>/<shown>"}
PUBLIC_PAGES |= {f"/s/<work_order_id>/<shown>/{deed}" for deed in ("agree", "wish", "opinion", "sign")}
STATIC = "/static/<path:filename>"
WORDS = {value for name, value in vars(wire).items() if name.isupper() and isinstance(value, str)}


def test_every_event_is_handled_or_ignored_on_purpose() -> None:
    """A new event without a reaction is a decision, not an oversight."""
    assert handlers.check_complete(handlers.reactions("sla-gas-cn-2026")) == set()


def test_every_route_of_the_app_is_in_the_registry_or_a_public_page(tmp_path: Path) -> None:
    """Default deny has no back door."""
    url = f"sqlite:///{tmp_path / 'leakfirst.db'}"
    found_company(url, tmp_path)
    house = House(url, tmp_path)
    routes = {route.rule for route in composition.make_registry().routes}
    assert {rule.rule for rule in house.app.url_map.iter_rules()} - routes == {*PUBLIC_PAGES, STATIC}
    house.close()


def emitted(root: Path) -> list[str]:
    """List socket events that the server emits by a name that the wire module does not hold."""
    found = []
    for path, node in tree.nodes(root, "server"):
        if isinstance(node, ast.Call) and tree.called_name(node).endswith(".emit"):
            name = node.args[0]
            is_word = isinstance(name, ast.Attribute) and ast.unparse(name.value) == "wire"
            is_known = isinstance(name, ast.Constant) and name.value in WORDS
            if not (is_word or is_known):
                found.append(f"{tree.place(root, path, node)} {ast.unparse(name)}")
    return found


def test_every_socket_event_is_named_on_the_wire() -> None:
    """Phones and browsers read one list."""
    assert emitted(tree.ROOT) == []
    assert WORDS
