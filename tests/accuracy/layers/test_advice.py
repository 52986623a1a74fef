"""The layer to blame, and what mends it, from measurements alone."""

from __future__ import annotations

from harness.accuracy.layers.advice import advise, first_break
from harness.accuracy.layers.layer import Layer, Probe, Weights


def layer(
    name: str,
    noise: float,
    *parents: str,
    own: float | None = None,
    weights: Weights | None = None,
    clipped: float = 0.0,
    reach: tuple[float, float] | None = None,
    seen: tuple[float, float] = (0.0, 1.0),
) -> Layer:
    probe = Probe(name, f"node-{name}", "Conv", parents, weights)
    return Layer(probe, 1.0, noise, own, clipped, 0.25, reach, seen)


def test_the_first_that_breaks_is_not_the_noisiest() -> None:
    layers = [layer("a", 1e-4), layer("b", 0.1, "a"), layer("c", 0.5, "b")]
    found = first_break(layers)
    assert found is not None
    assert (found.layer.probe.tensor, found.broken, round(found.arriving)) == ("b", True, 40)


def test_a_layer_behind_a_broken_one_is_not_blamed() -> None:
    layers = [layer("a", 0.1), layer("b", 0.2, "a")]
    found = first_break(layers)
    assert found is not None
    assert found.layer.probe.tensor == "a"


def test_a_layer_that_only_passes_noise_on_does_not_break() -> None:
    layers = [layer("a", 0.009), layer("b", 0.011, "a"), layer("c", 0.3, "b")]
    found = first_break(layers)
    assert found is not None
    assert (found.layer.probe.tensor, found.broken) == ("c", True)


def test_where_none_breaks_the_one_that_adds_most_is_named() -> None:
    layers = [layer("a", 1e-4), layer("b", 5e-3, "a"), layer("c", 6e-3, "b")]
    found = first_break(layers)
    assert found is not None
    assert (found.layer.probe.tensor, found.broken) == ("b", False)
    assert advise(layers, found, saturates=False).rule == "spread"


def test_equal_models_have_nobody_to_blame() -> None:
    assert first_break([layer("a", 0.0), layer("b", 0.0, "a")]) is None
    assert first_break([]) is None


def advised(*layers: Layer, saturates: bool = False) -> tuple[str, str]:
    found = first_break(layers)
    assert found is not None
    advice = advise(layers, found, saturates=saturates)
    return advice.rule, advice.text


def test_values_that_are_cut_off_ask_for_more_rows_to_calibrate_with() -> None:
    rule, text = advised(layer("a", 0.2, own=0.19, clipped=0.18, reach=(0.0, 1.0), seen=(0.0, 7.5)))
    assert rule == "calibration"
    assert "reaches from 0 to 1, but values go from 0 to 7.5 and 25 % of them are cut" in text


def test_steps_that_are_too_large_are_told_from_few_large_values() -> None:
    _, wide = advised(layer("a", 0.2, own=0.2, reach=(-100.0, 100.0)))
    assert "its steps are too large" in wide
    _, heavy = advised(layer("a", 0.2, own=0.2, reach=(0.0, 1.2)))
    assert "few large values" in heavy


def test_an_input_whose_columns_differ_in_size_is_told_to_scale_them() -> None:
    """22 dB break nothing, but eight bits would do far better without the large values."""
    probe = Probe("x", "x", "input", (), None)
    given = Layer(probe, 1.0, 6e-3, 6e-3, 0.0, 0.25, (0.0, 1.0), (0.0, 1.0))
    rule, text = advised(given, layer("a", 7e-3, "x"))
    assert rule == "calibration"
    assert "scale its columns alike before the model is given them" in text


def test_weights_with_one_scale_ask_for_one_for_each_output() -> None:
    rule, text = advised(layer("a", 0.1, weights=Weights(0.1, 1e-4, 1)))
    assert rule == "per-channel"
    assert "10.0 dB over the noise, a scale for each output 40.0 dB" in text


def test_weights_of_the_layer_before_are_looked_at_too() -> None:
    before = layer("a", 1e-3, weights=Weights(0.1, 1e-4, 1))
    rule, text = advised(before, layer("b", 0.2, "a"))
    assert rule == "per-channel"
    assert "node-a" in text


def test_weights_far_before_are_looked_at_last() -> None:
    first = layer("a", 1e-3, weights=Weights(0.1, 1e-4, 1))
    rule, text = advised(first, layer("b", 5e-3, "a"), layer("c", 0.2, "b"))
    assert rule == "per-channel"
    assert "node-a" in text


def test_lost_bits_ask_for_a_reduced_range() -> None:
    good = Weights(1e-5, 1e-5, 8)
    rule, text = advised(layer("a", 0.2, own=1e-5, reach=(0, 1), weights=good), saturates=True)
    assert rule == "reduce-range"
    assert "reduce_range=True" in text


def test_what_nothing_explains_is_to_be_left_in_float() -> None:
    rule, text = advised(layer("a", 1e-4), layer("b", 0.2, "a"), layer("c", 0.3, "b"))
    assert rule == "exclude"
    assert 'nodes_to_exclude=["node-b"]' in text
