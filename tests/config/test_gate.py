"""gate.toml: what is accepted, and over forty files that are refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import load
from harness.errors import ConfigError

GOOD = """
version = 1
candidate = { name = "sentiment", image = "sentiment:1.4.0", port = 5000 }
contract = { path = "/predict" }
"""


def write(folder: Path, text: str) -> Path:
    """A gate.toml beside the files that it may name."""
    for name in ("request.json", "examples.jsonl", "eval.npz", "a.onnx", "locustfile.py"):
        (folder / name).touch()
    path = folder / "gate.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_four_line_file_is_a_gate(tmp_path: Path) -> None:
    assert load(write(tmp_path, GOOD)).candidate.resources.memory == "1 GiB"


def test_by_default_every_configured_family_is_required(tmp_path: Path) -> None:
    gate = load(write(tmp_path, GOOD + 'load = { rate = "5 /s" }\n'))
    assert gate.policy.required == (
        "startup", "contract", "behaviour", "image", "load", "shutdown",
    )  # fmt: skip


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    gate = load(write(tmp_path, GOOD))
    assert gate.find("request.json") == tmp_path / "request.json"


def test_an_image_from_the_command_line_takes_the_place_of_a_command(tmp_path: Path) -> None:
    text = GOOD.replace('image = "sentiment:1.4.0"', 'command = ["python", "app.py"]')
    gate = load(write(tmp_path, text), image="sentiment:2")
    assert (gate.candidate.image, gate.candidate.command) == ("sentiment:2", None)


def test_a_url_from_the_command_line_brings_its_own_sidecars(tmp_path: Path) -> None:
    text = GOOD + '[candidate.services.graph]\nimage = "y"\nport = 1\n'
    text = text.replace("candidate = {", "[candidate]\n").replace(", image", "\nimage")
    text = text.replace(", port = 5000 }", "").replace('contract = { path = "/predict" }', "")
    text = text.replace("[candidate.services", '[contract]\npath = "/p"\n[candidate.services')
    gate = load(write(tmp_path, text), url="http://127.0.0.1:5000")
    assert (gate.candidate.url, gate.candidate.services) == ("http://127.0.0.1:5000", {})


def test_an_override_changes_the_digest(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert load(path).digest != load(path, image="sentiment:2").digest


def test_a_policy_inherits_what_it_is_silent_about(tmp_path: Path) -> None:
    text = GOOD + (
        '[policy]\nrequired = ["contract"]\nconfidence = 0.9\nlimits = { "load.p50" = "<= 9 ms" }\n'
        '[policies.stg]\nextends = "policy"\n'
        '[policies.prd]\nextends = "stg"\nlimits = { "load.p50" = "<= 8 ms" }\n'
    )
    policy = load(write(tmp_path, text), policy="prd").policy
    assert (policy.confidence, policy.required, dict(policy.limits)) == (
        0.9,
        ("contract",),
        {"load.p50": "<= 8 ms"},
    )


def test_a_toml_date_is_an_expiry(tmp_path: Path) -> None:
    text = GOOD + '[[policy.waivers]]\ncheck = "a.b"\nreason = "OPS-1"\nexpires = 2027-01-31\n'
    assert load(write(tmp_path, text)).policy.waivers[0].expires == "2027-01-31"


def test_the_policy_digest_changes_with_a_limit(tmp_path: Path) -> None:
    one = load(write(tmp_path, GOOD + '[policy.limits]\n"load.p50" = "<= 8 ms"\n')).policy.digest
    two = load(write(tmp_path, GOOD + '[policy.limits]\n"load.p50" = "<= 9 ms"\n')).policy.digest
    assert one != two


def candidate(keys: str) -> str:
    """GOOD with another candidate table."""
    return f'version = 1\ncontract = {{ path = "/p" }}\n[candidate]\nname = "x"\n{keys}\n'


def also(text: str) -> str:
    """GOOD with more at the end."""
    return GOOD + text + "\n"


WAIVER = 'check = "a.b"\nreason = "OPS-1"\nexpires = 2027-01-31\n'
ACCURACY = 'dataset = "eval.npz"\nreference = "a.onnx"\n'

MALFORMED = {
    "not TOML": ("version = = 1", "not valid TOML"),
    "an unclosed table": ("[candidate\nname = 1", "not valid TOML"),
    "a key twice": ("version = 1\nversion = 1", "not valid TOML"),
    "an empty file": ("", "version: missing"),
    "no candidate": ("version = 1", "candidate: missing"),
    "another version": (GOOD.replace("version = 1", "version = 2"), "version = 2"),
    "a version as text": (GOOD.replace("version = 1", 'version = "1"'), "version = '1'"),
    "unknown key at the top": (also('[lode]\nrate = "5 /s"'), "did you mean 'load'"),
    "unknown key in candidate": (candidate('imgae = "x"'), "did you mean 'image'"),
    "unknown key in resources": (
        candidate('image = "x"\nresources = { memry = "1 GiB" }'),
        "candidate.resources.memry: unknown key; did you mean 'memory'",
    ),
    "unknown key in ready": (
        candidate('image = "x"\nready = { withing = "1 s" }'),
        "did you mean 'within'",
    ),
    "unknown key in build": (candidate('build = { contxt = "." }'), "did you mean 'context'"),
    "sidecars of a process, which nobody would start": (
        candidate('command = ["x"]\n[candidate.services.g]\nimage = "y"\nport = 1'),
        "candidate.services: a candidate given by command has none",
    ),
    "unknown key in a service": (
        candidate('image = "x"\n[candidate.services.g]\nimage = "y"\nport = 1\nprot = 2'),
        "did you mean 'port'",
    ),
    "unknown key in contract": (
        GOOD.replace('path = "/predict"', 'path = "/p", protocoll = "json"'),
        "did you mean 'protocol'",
    ),
    "unknown key in an input": (
        also('[[contract.inputs]]\nname = "x"\nshape = [1]\ndtype = "FP32"').replace(
            'contract = { path = "/predict" }', ""
        ),
        "contract.inputs.0.dtype: unknown key",
    ),
    "unknown key in load": (also('[load]\nrps = "5 /s"'), "load.rps: unknown key"),
    "unknown key in accuracy": (
        also(f"[accuracy]\n{ACCURACY}metrics = 'x'"),
        "did you mean 'metric'",
    ),
    "unknown key in policy": (also("[policy]\nconfidense = 0.9"), "did you mean 'confidence'"),
    "unknown key in a waiver": (
        also(f"[[policy.waivers]]\n{WAIVER}until = 2027-01-01"),
        "policy.waivers.0.until: unknown key",
    ),
    "no name": (GOOD.replace('name = "sentiment", ', ""), "candidate.name: missing"),
    "a name with a slash": (GOOD.replace('"sentiment"', '"a/b"'), "candidate.name = 'a/b'"),
    "nothing to test": (candidate(""), "expected one of image, build, command, url, got none"),
    "two things to test": (
        candidate('image = "x"\nurl = "http://127.0.0.1:1"'),
        "got ['image', 'url']",
    ),
    "a url of another kind": (candidate('url = "file:///etc/passwd"'), "is no address"),
    "an empty command": (candidate("command = []"), "candidate.command"),
    "a port as text": (candidate('image = "x"\nport = "80"'), "candidate.port = '80'"),
    "port 0": (candidate('image = "x"\nport = 0'), "candidate.port = 0"),
    "port 65536": (candidate('image = "x"\nport = 65536'), "candidate.port = 65536"),
    "environment not text": (
        candidate('image = "x"\nenvironment = { A = 1 }'),
        "candidate.environment.A = 1",
    ),
    "memory without a unit": (
        candidate('image = "x"\nresources = { memory = "512" }'),
        "expected a size like '512 MiB'",
    ),
    "memory in seconds": (
        candidate('image = "x"\nresources = { memory = "5 s" }'),
        "is a time, expected a size",
    ),
    "no cpu": (candidate('image = "x"\nresources = { cpus = 0 }'), "candidate.resources.cpus = 0"),
    "a network that is not known": (candidate('image = "x"\nnetwork = "host"'), "'none' or 'open'"),
    "a negative duration": (
        candidate('image = "x"\nready = { within = "-1 s" }'),
        "must be greater than zero",
    ),
    "a duration without a unit": (
        candidate('image = "x"\nready = { within = "60" }'),
        "expected a time like '30 s'",
    ),
    "a duration in a unit that is not known": (
        also('[load]\nduration = "2 days"'),
        "unknown unit 'days'",
    ),
    "a rate of zero": (also('[load]\nrate = "0 /s"'), "must be greater than zero"),
    "a rate in seconds": (also('[load]\nrate = "5 s"'), "expected a rate like '200 /s'"),
    "no users": (also("[load]\nusers = 0"), "load.users = 0"),
    "a source that does not exist": (candidate('image = "x"\nsource = "webap"'), "no such folder"),
    "a source that is a file": (candidate('image = "x"\nsource = "a.onnx"'), "no such folder"),
    "a schema that does not exist": (
        GOOD.replace('"/predict"', '"/p", request = "req.json"'),
        "contract.request = 'req.json': no such file",
    ),
    "a data set that does not exist": (
        also('[accuracy]\ndataset = "e.npz"\nreference = "a.onnx"'),
        "accuracy.dataset = 'e.npz'",
    ),
    "a candidate of the trade-off that does not exist": (
        also(
            '[accuracy]\ndataset = "a.onnx"\nreference = "a.onnx"\n'
            'candidates = ["a.onnx", "b.onnx"]'
        ),
        "accuracy.candidates = 'b.onnx': no such file",
    ),
    "accuracy without a reference": (
        also('[accuracy]\ndataset = "eval.npz"'),
        "accuracy.reference: missing",
    ),
    "a locustfile that does not exist": (also('[load]\nlocustfile = "lf.py"'), "load.locustfile"),
    "json without a path": (
        'version = 1\n[candidate]\nname = "x"\nimage = "y"',
        "contract.path is missing",
    ),
    "an input without a shape": (
        also('[[contract.inputs]]\nname = "x"').replace('contract = { path = "/predict" }', ""),
        "contract.inputs.0.shape: missing",
    ),
    "two inputs of one name": (
        'version = 1\ncandidate = { name = "x", image = "y" }\n[contract]\npath = "/p"\n'
        'inputs = [{ name = "x", shape = [1] }, { name = "x", shape = [1] }]',
        "two tensors of one name",
    ),
    "a baseline that is nothing": (also("[baseline]"), "expected one of image, report, golden"),
    "a limit that is none": (also('[policy.limits]\n"load.p99" = "fast"'), "'fast' is not a limit"),
    "a limit as a number": (also('[policy.limits]\n"load.p99" = 5'), "policy.limits.load.p99 = 5"),
    "a limit in a unit that is not known": (
        also('[policy.limits]\n"load.p99" = "<= 5 parsecs"'),
        "unknown unit 'parsecs'",
    ),
    "an empty policy": (also("[policy]\nrequired = []"), "policy.required = []"),
    "a confidence of one": (also("[policy]\nconfidence = 1.0"), "policy.confidence = 1.0"),
    "a waiver without a reason": (
        also('[[policy.waivers]]\ncheck = "a.b"\nexpires = 2027-01-31'),
        "policy.waivers.0.reason: missing",
    ),
    "a waiver without an expiry": (
        also('[[policy.waivers]]\ncheck = "a.b"\nreason = "OPS-1"'),
        "policy.waivers.0.expires: missing",
    ),
    "a waiver that expires never": (
        also('[[policy.waivers]]\ncheck = "a.b"\nreason = "OPS-1"\nexpires = "never"'),
        "'never' is not a date",
    ),
    "two waivers for one check": (
        also(f"[[policy.waivers]]\n{WAIVER}[[policy.waivers]]\n{WAIVER}"),
        "more than one waiver for a.b",
    ),
    "policies in a circle": (
        also('[policies.a]\nextends = "b"\n[policies.b]\nextends = "a"'),
        "circle a -> b -> a",
    ),
    "a policy that extends itself": (also('[policies.a]\nextends = "a"'), "circle a -> a"),
    "a policy that extends nothing known": (
        also('[policies.prd]\nextends = "sgt"\n[policies.stg]\nextends = "policy"'),
        "did you mean 'stg'",
    ),
}


@pytest.mark.parametrize(("text", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_file_is_refused_with_its_path_and_a_sentence(
    tmp_path: Path, text: str, message: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as problem:
        load(path)
    assert str(path) in str(problem.value) and message in str(problem.value)


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "gate.toml")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        load(tmp_path)


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "gate.toml")


def test_a_policy_that_does_not_exist_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    path = write(tmp_path, also('[policies.prod]\nextends = "policy"'))
    with pytest.raises(ConfigError, match="did you mean 'prod'"):
        load(path, policy="prd")


def test_image_and_url_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="exclude each other"):
        load(write(tmp_path, GOOD), image="a", url="http://127.0.0.1:1")


def test_a_baseline_from_the_command_line_leaves_the_golden_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "golden.json").touch()
    path = write(tmp_path, also('[baseline]\nreport = "r.json"\ngolden = "golden.json"'))
    (tmp_path / "r.json").touch()
    gate = load(path, baseline="m:1")
    assert (gate.baseline_image, gate.golden_path) == ("m:1", tmp_path / "golden.json")
    said = gate.file.baseline
    assert said is not None and said.report is None


def test_a_golden_file_need_not_be_there_for_who_is_about_to_write_it(tmp_path: Path) -> None:
    path = write(tmp_path, also('[baseline]\ngolden = "golden.json"'))
    assert load(path, writes="baseline.golden").golden_path == tmp_path / "golden.json"
    with pytest.raises(ConfigError, match="baseline.golden = 'golden.json': no such file"):
        load(path)
