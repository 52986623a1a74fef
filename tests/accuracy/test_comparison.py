"""From a gate.toml to the record of a comparison."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import ConfigError
from harness.accuracy import Comparison, DatasetError, ModelError, Table, evaluate, validate
from harness.accuracy.comparison import conclude, terms_of
from harness.accuracy.counting import Counts
from harness.accuracy.evaluation import Job, blocks_of, run_blocks
from harness.config import Gate
from harness.limits import Limit

GOOD = np.eye(3, dtype=np.float32)
SWAPPED = np.asarray([[0, 1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
WAIVER = '[[policy.waivers]]\ncheck = "accuracy.drop"\nreason = "known"\nexpires = 2999-01-01\n'
SaveLinear = Callable[..., Path]
MakeGate = Callable[..., Gate]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """9,000 rows, a third of each class: several blocks, and too few to end early."""
    return _save(tmp_path, 9_000)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """60,000 rows, sorted by class, as files often are."""
    return _save(tmp_path, 60_000)


def _save(folder: Path, count: int) -> Path:
    labels = np.sort(np.arange(count) % 3)
    group = np.where(np.arange(count) % 10 == 0, "a", "b")
    np.savez(folder / "eval.npz", x=GOOD[labels], y=labels, group=group)
    return folder / "eval.npz"


def _gate(make_gate: MakeGate, **accuracy: Any) -> Gate:
    known = {"dataset": "eval.npz", "reference": "ref.onnx", "candidate": "cand.onnx"}
    return make_gate(**{**known, **accuracy})


def _limits(**limits: str) -> dict[str, Limit]:
    return {name: Limit.parse(text) for name, text in limits.items()}


def _same(first: Comparison, second: Comparison) -> bool:
    """Whether both say the same to the bit."""
    flat = []
    for found in (first, second):
        fields, arrays = found.counts.fields()
        bits = {name: array.tobytes() for name, array in arrays.items()}
        flat.append((fields, bits, found.measured, found.level, found.ended_early))
    return bool(flat[0] == flat[1])


def test_every_row_is_counted(rows: Path, save_linear: SaveLinear, make_gate: MakeGate) -> None:
    """Classes 0 and 1 swapped: two thirds of the rows are lost, and class 2 is not."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", SWAPPED)
    found = evaluate(_gate(make_gate, slices=["group"]))
    assert found.table == Table(n=9_000, both_right=3_000, b=6_000)
    assert found.counts.by_class()["2"] == Table(n=3_000, both_right=3_000)
    assert found.counts.by_slice()["group"]["a"] == Table(n=900, both_right=300, b=600)
    assert found.drop.value == pytest.approx(200 / 3)
    assert found.drop.low < 200 / 3 < found.drop.high
    assert found.share(found.counts.same).value == pytest.approx(1 / 3)
    assert not found.ended_early


def test_the_record_names_models_and_runtimes(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    path = save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", SWAPPED)
    found = evaluate(_gate(make_gate))
    assert found.reference.name == "ref.onnx"
    assert found.reference.identity.bytes == path.stat().st_size
    assert (found.reference.identity.digest or "").startswith("sha256:")
    assert found.candidate.identity.runtime.startswith("onnxruntime")
    assert [flip.row for flip in found.flips[:3]] == [0, 1, 2]
    assert len(found.flips) == 50
    assert found.seconds > 0


def test_the_intervals_follow_the_confidence(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    """9,000 rows without a flip, one-sided 95 %: exactly 1 - 0.05^(1/9000)."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD * 2)
    found = evaluate(_gate(make_gate))
    assert found.level == pytest.approx(0.9) and found.certainty == pytest.approx(0.95)
    assert found.drop.high == pytest.approx(100 * (1 - 0.05 ** (1 / 9_000)), rel=1e-6)


def test_a_clear_case_ends_early_and_says_with_which_interval(
    many: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD * 2)
    limits, said = _limits(drop="<= 0.5 pp", worst_slice_drop="<= 5 pp"), list[str]()
    found = evaluate(_gate(make_gate), limits, say=said.append)
    assert found.ended_early and found.counts.rows == 4_096
    assert said[1:] == ["accuracy: decided after 4096 of 60000 rows"]
    assert found.level == pytest.approx(0.98)  # a fifth of alpha, one-sided
    assert 0 < found.drop.high <= 0.5
    assert "confidence sequence" in found.measured.method
    classes = [table.n for table in found.counts.by_class().values()]
    assert min(classes) > 1_200  # the rows were sorted by class


def test_without_a_decision_all_rows_are_read(
    many: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    """Four fifths of alpha are left for the end."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD * 2)
    found = evaluate(_gate(make_gate), _limits(drop="<= 0.001 pp"))
    assert not found.ended_early and found.counts.rows == 60_000
    assert found.certainty == pytest.approx(0.96)


@pytest.mark.parametrize("limit", ["<= 1 pp", "<= 40 pp"])
def test_any_number_of_processes_says_the_same(
    many: Path, save_linear: SaveLinear, make_gate: MakeGate, limit: str
) -> None:
    """Also where it ends early, which is where the looks fall and not who was first."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", np.asarray([[1, 0, 0], [0, 1, 0], [0, 2, 1]], np.float32))
    found = [
        evaluate(_gate(make_gate, processes=count, extra="cache = false\n"), _limits(drop=limit))
        for count in (1, 3)
    ]
    assert found[0].ended_early
    assert _same(*found)


def test_blocks_from_elsewhere_give_the_same_comparison(
    many: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    """As those of shards: none of them knows where the evaluation will end."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD * 2)
    gate, limits = _gate(make_gate), _limits(drop="<= 0.2 pp")

    def sharded(job: Job) -> Any:
        parts = [dict(run_blocks(job, range(i, blocks_of(job), 2))) for i in range(2)]
        every = {**parts[0], **parts[1]}
        yield from sorted(every.items())

    assert _same(evaluate(gate, limits), evaluate(gate, limits, counted=sharded))


def test_each_block_that_counts_is_shown_once_and_in_order(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", SWAPPED)
    seen: list[Counts] = []
    evaluate(_gate(make_gate), each=seen.append)
    assert [counts.rows for counts in seen] == [4_096, 4_096, 808]
    assert sum(len(counts.flips) for counts in seen) == 6_000


def test_blocks_out_of_order_or_missing_are_refused(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD)
    gate = _gate(make_gate)
    found = evaluate(gate)
    terms = terms_of(gate, {})
    with pytest.raises(ValueError, match="block 1 came where block 0 was expected"):
        conclude(found.job, [(1, found.counts)], terms)
    few = replace(found.counts, rows=4_096)
    with pytest.raises(ValueError, match="the blocks hold 4096 rows of 9000"):
        conclude(found.job, [(0, few)], terms)


def test_the_second_run_asks_the_reference_for_nothing_but_the_probe(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    """And gives the same comparison; a changed reference is computed anew."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", SWAPPED)
    gate = _gate(make_gate)
    first = evaluate(gate)
    entries = sorted((gate.root / ".gate" / "accuracy-cache").iterdir())
    assert len(entries) == 3
    assert _same(first, evaluate(gate))
    assert sorted((gate.root / ".gate" / "accuracy-cache").iterdir()) == entries
    save_linear("ref.onnx", SWAPPED)
    assert evaluate(gate).table == Table(n=9_000, both_right=3_000, c=0, b=0, w=0)
    assert len(list((gate.root / ".gate" / "accuracy-cache").iterdir())) == 6


def test_what_it_takes_is_said_before_the_first_block(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD)
    order: list[str] = []
    found = evaluate(
        _gate(make_gate),
        _limits(drop="<= 0.5 pp"),
        say=order.append,
        each=lambda counts: order.append("block"),
    )
    assert "0.5 pp" in order[0] and "9000" in order[0]
    assert order[1:] == ["block"] * 3
    assert found.plan == order[0]


def test_a_waiver_leaves_the_other_limits_of_interest(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD)
    assert not terms_of(_gate(make_gate), {}).patient
    assert terms_of(_gate(make_gate, extra=WAIVER), {}).patient


def test_models_of_another_kind_never_import_tensorflow(
    rows: Path,
    save_linear: SaveLinear,
    make_gate: MakeGate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trap = tmp_path / "trap" / "tensorflow"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(trap.parent))
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD)
    before = set(sys.modules)
    assert evaluate(_gate(make_gate)).table.n == 9_000
    assert "onnxruntime" not in set(sys.modules) - before


def test_nan_is_never_a_class(rows: Path, save_linear: SaveLinear, make_gate: MakeGate) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", np.full((3, 3), np.nan, np.float32))
    found = evaluate(_gate(make_gate))
    assert (found.candidate.odd.not_finite, found.candidate.odd.not_finite_row) == (9_000, 0)
    assert found.reference.odd.not_finite == 0
    assert found.table.b == 9_000


def test_models_of_different_classes(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", np.ones((3, 4), np.float32))
    with pytest.raises(ModelError, match="3 .*4"):
        evaluate(_gate(make_gate))


def test_a_data_set_that_does_not_fit(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", np.ones((4, 3), np.float32))
    save_linear("cand.onnx", GOOD)
    with pytest.raises(ModelError, match=r"reference ref.onnx: a row of the data set is \(3,\)"):
        evaluate(_gate(make_gate))
    with pytest.raises(DatasetError, match="no column 'z'"):
        evaluate(_gate(make_gate, labels="z"))


@pytest.mark.slow
def test_a_savedmodel_against_its_int8_file(tensorflow_models: Path, make_gate: MakeGate) -> None:
    """The gate's own process never imports a runtime."""
    folder = tensorflow_models
    gate = make_gate(
        dataset=str(folder / "eval.npz"),
        reference=str(folder / "saved"),
        candidate=str(folder / "int8.tflite"),
    )
    before = set(sys.modules)
    found = evaluate(gate)
    assert found.reference.identity.runtime.startswith("tensorflow")
    assert found.candidate.identity.runtime.startswith("ai-edge-litert")
    assert found.drop.value < 3
    assert not {"tensorflow", "ai_edge_litert"} & (set(sys.modules) - before)


@pytest.mark.parametrize(
    ("accuracy", "message"),
    [
        ({"metric": "f2"}, "accuracy.metric = 'f2': not supported.*supported: accuracy"),
        ({"candidate": "eval.npz"}, r"accuracy.candidate: .*no reader for '\.npz'"),
        ({"candidates": ["eval.npz"]}, r"accuracy.candidates: .*no reader for '\.npz'"),
        ({"dataset": "ref.onnx"}, r"accuracy.dataset: .*no reader for '\.onnx'"),
        ({"calibration": "ref.onnx"}, r"accuracy.calibration: .*no reader for '\.onnx'"),
        ({"candidate": "served"}, r"candidate = 'served' behind .* needs \[accuracy.served\]"),
        ({"reference": "baseline"}, "accuracy.reference = 'baseline' needs baseline.image"),
        (
            {"production_flags": ["avx2", "AVX512VNNI"]},
            "accuracy.production_flags: 'AVX512VNNI' is no flag of /proc/cpuinfo; did you mean "
            "'avx512_vnni'?",
        ),
        (
            {"emulate": "haswell", "candidate": "saved"},
            r"accuracy.emulate = 'haswell' runs a model file: .* \.onnx or .*, got 'saved'",
        ),
        ({"engine": "spark"}, "accuracy.engine = 'spark': expected \"local\" or a cluster"),
    ],
)
def test_a_configuration_that_cannot_work(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate, accuracy: Any, message: str
) -> None:
    """Found out before anything is started."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD)
    rows.with_name("saved").mkdir()
    rows.with_name("saved").joinpath("saved_model.pb").touch()
    with pytest.raises(ConfigError, match=message):
        validate(_gate(make_gate, **accuracy))


def test_emulation_of_a_served_candidate_needs_its_file(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    extra = '[accuracy.served]\nrequest = ["$row"]\nanswer = "/class"\n'
    asked = {"candidate": "served", "emulate": "haswell", "extra": extra}
    with pytest.raises(ConfigError, match="got none: name the one that the candidate serves"):
        validate(_gate(make_gate, **asked))
    validate(_gate(make_gate, **asked, file="ref.onnx"))


def test_a_served_candidate_needs_an_address(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    extra = '[accuracy.served]\nrequest = ["$row"]\nanswer = "/class"\n'
    with pytest.raises(ConfigError, match="needs one that is running"):
        evaluate(_gate(make_gate, candidate="served", extra=extra))
