"""The plugin as pytest users meet it: collection, outcomes, selection, workers, exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

# Loaded once here: pytester forgets what a run inside this process imports.
import harness.accuracy
import harness.conclude
import harness.contract
import harness.report.formats
import harness.session  # noqa: F401

GATE = """
version = 1
candidate = { name = "fake", url = "http://127.0.0.1:9" }
contract = { path = "/predict", examples = "examples.jsonl" }
[policy]
required = ["mine"]
"""

PASSES = """
from harness import Measurement, check

@check(limits={"size": "<= 3"})
def check_size():
    '''Small enough.'''
    return Measurement("size", 2)
"""


FIXED = [
    "--disable-plugin-autoload", "-p", "harness.plugin", "-p", "no:cacheprovider",
    "--gate=gate.toml", "--gate-report=out",
]  # fmt: skip


class Project:
    """A folder with a gate and checks, and pytest run in it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.gate(GATE)
        examples = pytester.path / "examples.jsonl"
        examples.write_text('{"request": 1, "response": 2}', encoding="utf-8")

    def gate(self, text: str) -> None:
        """Write gate.toml."""
        (self.pytester.path / "gate.toml").write_text(text, encoding="utf-8")

    def check(self, text: str, name: str = "check_mine.py") -> None:
        """Write a file of checks."""
        (self.pytester.path / name).write_text(text, encoding="utf-8")

    def run(self, *options: str) -> pytest.RunResult:
        """Run pytest with the gate."""
        return self.pytester.runpytest_inprocess(*FIXED, *options)

    def run_apart(self, *options: str) -> pytest.RunResult:
        """Run pytest with the gate in a process of its own."""
        return self.pytester.runpytest_subprocess(*FIXED, *options)

    def report(self) -> dict[str, object]:
        """The report that was written."""
        text = Path(self.pytester.path, "out", "report.json").read_text(encoding="utf-8")
        document: dict[str, object] = json.loads(text)
        return document

    def outcomes(self) -> dict[str, str]:
        """Check id -> outcome, as reported."""
        rows = self.report()["checks"]
        assert isinstance(rows, list)
        return {row["id"]: row["outcome"] for row in rows}


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """An empty project with a gate that requires the family `mine`."""
    return Project(pytester)


def with_body(body: str, decorator: str = "@check()") -> str:
    """A file with one check of that body."""
    return (
        "import pytest\nfrom harness import Finding, Measurement, check\n"
        f"{decorator}\ndef check_size():\n    '''Small.'''\n    {body}\n"
    )


def test_a_session_without_a_gate_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")
    assert pytester.runpytest_subprocess("-p", "no:locust").ret == 0


def test_evidence_inside_its_limits_passes_the_gate(project: Project) -> None:
    project.check(PASSES)
    assert (project.run(".").ret, project.report()["verdict"]) == (0, "pass")


def test_the_verdict_and_its_reasons_stand_under_pytests_output(project: Project) -> None:
    project.check(PASSES.replace("<= 3", "<= 1"))
    project.run(".").stdout.fnmatch_lines(
        ["verdict: fail", "mine.size failed: size = 2, must be <= 1"]
    )


@pytest.mark.parametrize(
    ("body", "outcome", "code"),
    [
        pytest.param("return Finding('x', 'broken')", "failed", 1, id="a finding"),
        pytest.param("raise KeyError('x')", "errored", 3, id="an exception"),
        pytest.param("assert False", "errored", 3, id="an assertion"),
        pytest.param("return None", "errored", 3, id="nothing returned"),
        pytest.param("return True", "errored", 3, id="a truth value"),
        pytest.param("return Measurement('x', float('nan'))", "errored", 3, id="NaN"),
        pytest.param("pytest.skip('no data')", "skipped", 3, id="all skipped"),
        pytest.param("pytest.xfail('known')", "skipped", 3, id="all xfailed"),
    ],
)
def test_what_a_check_does_becomes_an_outcome_and_an_exit_code(
    project: Project, body: str, outcome: str, code: int
) -> None:
    project.check(with_body(body))
    assert (project.run(".").ret, project.outcomes()["mine.size"]) == (code, outcome)


def test_a_measurement_across_its_limit_is_inconclusive_and_exits_with_four(
    project: Project,
) -> None:
    body = "return Measurement('size', 2, low=1, high=4, n=10)"
    project.check(with_body(body, "@check(limits={'size': '<= 3'})"))
    assert (project.run(".").ret, project.outcomes()["mine.size"]) == (4, "inconclusive")


def test_no_check_at_all_is_an_error(project: Project) -> None:
    project.gate(GATE.replace('"mine"', '"startup"'))
    (project.pytester.path / "empty").mkdir()
    assert (project.run("empty").ret, project.report()["verdict"]) == (3, "error")


def test_a_fixture_that_raises_makes_the_check_errored_not_failed(project: Project) -> None:
    fixture = "@pytest.fixture\ndef broken():\n    raise OSError('no disk')\n"
    text = with_body("return Measurement('size', 1)").replace("check_size()", "check_size(broken)")
    project.check(text.replace("@check", f"{fixture}@check"))
    project.run(".")
    assert project.outcomes() == {"mine.size": "errored"}


def test_an_undecorated_function_is_refused_before_anything_starts(project: Project) -> None:
    project.check("def check_size():\n    return None\n")
    result = project.run(".")
    assert result.ret == 2 and "expected the decorator @check" in result.stdout.str()


def test_a_check_in_a_file_of_another_name_is_refused(project: Project) -> None:
    project.check(PASSES, "mine.py")
    result = project.run("mine.py")
    assert result.ret == 2 and "in a file check_<family>.py" in result.stdout.str()


def test_a_check_file_that_cannot_be_imported_is_wrong_usage(project: Project) -> None:
    project.check("import nothing_of_that_name\n")
    assert project.run(".").ret == 2


def test_a_declaration_that_cannot_be_right_is_wrong_usage(project: Project) -> None:
    project.check(PASSES.replace("<= 3", "small"))
    assert project.run(".").ret == 2


def test_a_limit_on_a_measurement_that_does_not_exist_is_wrong_usage(project: Project) -> None:
    project.gate(GATE + '[policy.limits]\n"mine.sise" = "<= 3"\n')
    project.check(PASSES)
    result = project.run(".")
    assert result.ret == 2 and "did you mean 'mine.size'" in result.stdout.str()


def test_a_limit_in_another_dimension_is_wrong_usage(project: Project) -> None:
    project.gate(GATE + '[policy.limits]\n"mine.size" = "<= 3 ms"\n')
    project.check(PASSES)
    assert project.run(".").ret == 2


def test_a_limit_from_the_wrong_side_is_wrong_usage(project: Project) -> None:
    project.gate(GATE + '[policy.limits]\n"mine.size" = ">= 3"\n')
    project.check(PASSES)
    result = project.run(".")
    assert result.ret == 2 and "from the wrong side" in result.stdout.str()


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("mine.size{name=a}", "no label 'name'; it is only measured as a whole"),
        ("mine.size{name}", "expected one like 'size{name=predict}'"),
        ("mine.sise{name=a}", "did you mean 'mine.size'"),
    ],
)
def test_a_limit_on_a_part_that_nobody_measures_is_wrong_usage(
    project: Project, key: str, told: str
) -> None:
    project.gate(GATE + f'[policy.limits]\n"{key}" = "<= 3"\n')
    project.check(PASSES)
    result = project.run(".")
    assert result.ret == 2 and told in result.stdout.str()


def test_a_limit_on_a_part_or_on_another_percentile_reaches_the_check(project: Project) -> None:
    project.gate(GATE + '[policy.limits]\n"mine.d_p97" = "<= 3"\n"mine.d_p5{of=a}" = "<= 3"\n')
    project.check(
        "from harness import Measurement, check\n"
        '@check(measures=("d_p50",), labels=("of",))\n'
        "def check_it(limits):\n"
        '    "It is."\n'
        "    return [Measurement(name, 1) for name in limits]\n"
    )
    result = project.run(".")
    assert result.ret == 0, result.stdout.str()


def test_a_required_check_that_nobody_has_is_wrong_usage(project: Project) -> None:
    project.gate(GATE.replace('"mine"', '"mien"'))
    project.check(PASSES)
    result = project.run(".")
    assert result.ret == 2 and "did you mean 'mine'" in result.stdout.str()


def test_a_broken_gate_file_is_wrong_usage(project: Project) -> None:
    project.gate("version = 1")
    assert project.run_apart(".").ret == 2


def test_a_contract_that_contradicts_itself_is_wrong_usage(project: Project) -> None:
    (project.pytester.path / "examples.jsonl").write_text("not JSON", encoding="utf-8")
    project.check(PASSES)
    result = project.run(".")
    assert result.ret == 2 and "examples.jsonl" in result.stdout.str()


def test_a_metric_that_nobody_knows_is_wrong_usage(project: Project) -> None:
    (project.pytester.path / "a.onnx").touch()
    accuracy = '[accuracy]\ndataset = "a.onnx"\nreference = "a.onnx"\ncandidate = "a.onnx"\n'
    project.gate(GATE + accuracy + 'metric = "acuracy"\n')
    project.check(PASSES)
    result = project.run(".")
    assert result.ret == 2 and "acuracy" in result.stdout.str()


def test_a_baseline_that_nothing_compares_with_is_wrong_usage(project: Project) -> None:
    project.gate(GATE + '[baseline]\nimage = "fake:0"\n')
    project.check(PASSES)
    result = project.run(".")
    assert result.ret == 2 and "no check of this run compares with it" in result.stdout.str()


@pytest.mark.parametrize("key", ["golden", "report"])
def test_a_file_of_a_baseline_that_nothing_reads_is_wrong_usage(project: Project, key: str) -> None:
    (project.pytester.path / "file.json").write_text("{}", encoding="utf-8")
    project.gate(GATE + f'[baseline]\n{key} = "file.json"\n')
    project.check(PASSES)
    result = project.run(".")
    assert result.ret == 2 and f"baseline.{key} is set, but no check" in result.stdout.str()


def test_a_policy_limit_takes_the_place_of_the_declared_one(project: Project) -> None:
    project.gate(GATE + '[policy.limits]\n"mine.size" = "<= 1"\n')
    project.check(PASSES)
    assert project.run(".").ret == 1


def test_two_files_may_not_offer_the_same_check(project: Project) -> None:
    project.check(PASSES)
    (project.pytester.path / "more").mkdir()
    project.check(PASSES, "more/check_mine.py")
    assert project.run("--import-mode=importlib", ".").ret == 2


def test_a_parametrised_check_is_one_result_a_parameter(project: Project) -> None:
    text = with_body("return Measurement('size', n)").replace("check_size()", "check_size(n)")
    project.check(text.replace("@check()", "@pytest.mark.parametrize('n', [1, 2])\n@check()"))
    project.run(".")
    assert project.outcomes() == {"mine.size[1]": "passed", "mine.size[2]": "passed"}


TWO = PASSES + PASSES.replace("check_size", "check_other").replace("size", "other")


def test_a_check_that_was_deselected_keeps_the_gate_shut(project: Project) -> None:
    project.check(TWO)
    assert (project.run("-k", "size", ".").ret, project.outcomes()["mine.other"]) == (4, "skipped")


def test_only_runs_one_family(project: Project) -> None:
    project.check(PASSES)
    project.check(PASSES.replace("size", "depth"), "check_yours.py")
    project.run("--gate-only=yours", ".")
    assert project.outcomes() == {"mine.size": "skipped", "yours.depth": "passed"}


def test_only_with_an_unknown_family_is_wrong_usage(project: Project) -> None:
    project.check(PASSES)
    assert project.run("--gate-only=mien", ".").ret == 2


def test_families_are_marks(project: Project) -> None:
    project.check(PASSES)
    project.check(PASSES.replace("size", "depth"), "check_yours.py")
    project.run("--strict-markers", "-m", "mine", ".")
    assert project.outcomes() == {"mine.size": "passed", "yours.depth": "skipped"}


def test_stopping_at_the_first_failure_leaves_the_rest_skipped(project: Project) -> None:
    project.check(TWO.replace("<= 3", "<= 1"))
    project.run("-x", ".")
    assert project.outcomes() == {"mine.size": "failed", "mine.other": "skipped"}


def test_collect_only_lists_checks_and_writes_no_report(project: Project) -> None:
    project.check(PASSES)
    result = project.run("--collect-only", "-q", ".")
    assert "check_mine.py::check_size" in result.stdout.str() and result.ret == 0
    assert not (project.pytester.path / "out").exists()


def test_workers_of_xdist_give_the_same_report(project: Project) -> None:
    project.check(TWO.replace("<= 3", "<= 1", 1))
    codes, outcomes = [], []
    for options in ([], ["-p", "xdist", "-n", "2"]):
        codes.append(project.run_apart(*options, ".").ret)
        outcomes.append(project.outcomes())
    assert codes == [1, 1] and outcomes[0] == outcomes[1]


def test_a_mistake_found_by_a_worker_is_wrong_usage_too(project: Project) -> None:
    project.check("def check_size():\n    return None\n")
    assert project.run_apart("-p", "xdist", "-n", "2", ".").ret == 2


def test_a_check_that_does_not_apply_is_not_required_by_its_family(project: Project) -> None:
    idle = PASSES.replace("check_size", "check_idle").replace("size", "idle")
    project.check(PASSES + idle.replace('"<= 3"}', '"<= 3"}, applies=lambda gate: "no batch"'))
    assert (project.run(".").ret, project.outcomes()["mine.idle"]) == (0, "skipped")


def test_a_check_that_kills_a_worker_leaves_no_pass(project: Project) -> None:
    project.check(with_body("import os; os.kill(os.getpid(), 9)"))
    assert project.run_apart("-p", "xdist", "-n", "1", ".").ret not in (0, 1, 2)


def test_a_worker_that_crashed_makes_its_check_errored(project: Project) -> None:
    project.check(with_body("import os; os.kill(os.getpid(), 9)") + PASSES.replace("size", "fine"))
    assert project.run_apart("-p", "xdist", "-n", "2", ".").ret == 3
    assert project.outcomes() == {"mine.size": "errored", "mine.fine": "passed"}


def test_a_family_is_all_of_its_checks_not_the_one_that_a_node_id_names(project: Project) -> None:
    project.check(TWO)
    assert project.run("check_mine.py::check_size").ret == 4
    assert project.outcomes() == {"mine.size": "passed", "mine.other": "skipped"}


def test_a_check_may_not_stand_in_for_the_shipped_ones_of_its_family(project: Project) -> None:
    project.gate(GATE.replace('"mine"', '"contract"'))
    project.check(PASSES, "check_contract.py")
    result = project.run(".")
    assert result.ret == 2 and "whose own checks are not part of this run" in result.stdout.str()


def test_a_check_that_a_plugin_calls_again_keeps_its_worst_word(project: Project) -> None:
    body = "calls.append(1); return Measurement('size', 9 if len(calls) < 2 else 1)"
    text = with_body(body, "calls = []\n@check(limits={'size': '<= 3'})")
    project.check(text)
    project.pytester.makeconftest("""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                runtestprotocol(item, nextitem=nextitem)
            return True
    """)
    assert (project.run(".").ret, project.outcomes()) == (1, {"mine.size": "failed"})


def test_a_check_that_ends_the_process_with_zero_leaves_no_pass(project: Project) -> None:
    project.check(with_body("import os; os._exit(0)"))
    result = project.run_apart(".")
    assert result.ret == 3 and "os._exit(0)" in result.stderr.str()


def test_an_earlier_report_is_gone_where_a_run_comes_to_no_verdict(project: Project) -> None:
    project.check(PASSES)
    assert project.run_apart(".").ret == 0
    project.check(with_body("import os; os.kill(os.getpid(), 9)"))
    project.run_apart(".")
    assert not (project.pytester.path / "out" / "report.json").exists()


def test_a_report_folder_that_is_a_file_is_wrong_usage(project: Project) -> None:
    project.check(PASSES)
    (project.pytester.path / "out").write_text("", encoding="utf-8")
    result = project.run(".")
    assert result.ret == 2 and "is a file, expected a folder" in result.stdout.str()


def test_a_check_that_cannot_say_whether_it_applies_is_wrong_usage(project: Project) -> None:
    project.check(PASSES.replace('"<= 3"}', '"<= 3"}, applies=lambda gate: 1 / 0'))
    result = project.run(".")
    assert result.ret == 2 and "applies: ZeroDivisionError" in result.stdout.str()


def test_a_check_written_as_a_generator_is_refused_with_the_reason(project: Project) -> None:
    project.check(with_body("yield Measurement('size', 1)"))
    result = project.run(".")
    assert result.ret == 2 and "cannot be collected" in result.stdout.str()


def test_fail_fast_goes_on_after_a_check_that_only_informs(project: Project) -> None:
    bad = with_body("return Finding('x', 'bad')", "@check(advisory=True)")
    project.check(bad.replace("check_size", "check_first") + PASSES)
    assert project.run("--gate-fail-fast", ".").ret == 0


def test_fail_fast_ends_at_the_first_required_check_that_does_not_pass(project: Project) -> None:
    bad = with_body("return Finding('x', 'bad')").replace("check_size", "check_first")
    project.check(bad + PASSES)
    assert project.run("--gate-fail-fast", ".").ret == 1
    assert project.outcomes() == {"mine.first": "failed", "mine.size": "skipped"}


def test_an_installed_package_offers_its_checks_by_an_entry_point(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = project.pytester.mkdir("site")
    project.check(PASSES, "site/check_mine.py")
    info = site / "acme-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: acme\nVersion: 1\n", encoding="utf-8")
    entry = "[releasegate.checks]\nacme = check_mine\n"
    (info / "entry_points.txt").write_text(entry, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(site))
    empty = project.pytester.mkdir("empty")
    assert project.run_apart(str(empty)).ret == 0 and project.outcomes() == {"mine.size": "passed"}


def test_the_debugger_opens_where_a_check_broke(project: Project) -> None:
    project.check(with_body("inside = 6 * 7; raise KeyError(inside)"))
    command = [sys.executable, "-m", "pytest", *FIXED, "--pdb", "."]
    result = project.pytester.run(*command, stdin=b"p 'found', inside\nc\n")
    result.stdout.fnmatch_lines(["*('found', 42)*"])
