"""JSON that a client might send to an endpoint, for hypothesis."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from heartline.contract import Endpoint, Parameter, parameters_of

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No test fails because a machine is slow."""

TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["", "5", "true", "0", "\0", "\ud800", "-:-", "9" * 5_000]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([5, 10**400, 2**63, -(2**63), 2**63 - 1, 1e308])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def names_of(parameters: tuple[Parameter, ...]) -> list[str]:
    """All names that an endpoint looks for, those of items too."""
    own = [name for parameter in parameters for name in (parameter.name, parameter.mark.also) if name]
    return own + [name for parameter in parameters for name in names_of(parameter.items)]


@st.composite
def any_bodies(draw: st.DrawFn, endpoint: Endpoint) -> Any:
    """JSON objects with the endpoint's own names in them, also in items of lists; most of them are wrong."""
    names = st.sampled_from([*names_of(parameters_of(endpoint.request)), "account_id", "device_id"]) | TEXTS
    items = st.dictionaries(names, VALUES, max_size=6)
    return draw(st.dictionaries(names, VALUES | items | st.lists(items | VALUES, max_size=3), max_size=8))


def _values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values that fit a parameter, and some that only may."""
    if parameter.items:
        item = _members(parameter.items)
        return st.lists(item, max_size=3) if parameter.is_list else item
    fitting = st.integers(-2, 5) | st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**31), 2**31 - 1)
    texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
    return fitting | fitting.map(str) | st.booleans() | (texts if parameter.is_text else st.nothing())


def _members(parameters: tuple[Parameter, ...]) -> st.SearchStrategy[dict[str, Any]]:
    required = {p.name: _values_of(p) for p in parameters if p.required}
    optional = {p.name: st.none() | _values_of(p) for p in parameters if not p.required}
    return st.fixed_dictionaries(required, optional=optional)


def likely_bodies(endpoint: Endpoint) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects of which many are what the endpoint asks for."""
    return _members(parameters_of(endpoint.request))
