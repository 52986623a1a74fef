"""Dockerfiles are read as builders read them."""

from __future__ import annotations

from harness.static.dockerfile import Instruction, parse, substitute


def test_continuations_and_comments_between_them_are_one_instruction() -> None:
    read = parse("# a\nFROM a:1\n\nRUN one \\\n  # why\n\n  && two\nCMD x\n")
    assert [(one.line, one.keyword) for one in read.instructions] == [
        (2, "FROM"),
        (4, "RUN"),
        (8, "CMD"),
    ]
    assert read.instructions[1].commands() == [["one"], ["two"]]


def test_the_escape_directive_is_obeyed() -> None:
    read = parse("# escape=`\nFROM a:1\nRUN one `\n  two\n")
    assert read.instructions[1].commands() == [["one", "two"]]


def test_a_here_document_belongs_to_its_run() -> None:
    read = parse("FROM a:1\nRUN <<EOF\napt-get update\npip install flask\nEOF\nUSER 1\n")
    assert read.instructions[1].commands()[:2] == [
        ["apt-get", "update"],
        ["pip", "install", "flask"],
    ]
    assert read.instructions[2] == Instruction(6, "USER", "1")


def test_the_content_of_a_copied_here_document_is_no_instruction() -> None:
    read = parse("FROM a:1\nCOPY <<EOF /app/x\nFROM y\nEOF\nUSER 1\n")
    assert [one.keyword for one in read.instructions] == ["FROM", "COPY", "USER"]


def test_arguments_are_put_in_and_build_arguments_win() -> None:
    text = "ARG V=3.10\nFROM python:${V} AS base\nFROM $X\n"
    assert [s.image for s in parse(text).stages] == ["python:3.10", "$X"]
    assert [s.image for s in parse(text, {"V": "3.12"}).stages] == ["python:3.12", "$X"]


def test_defaults_in_a_variable_are_used_when_it_has_no_value() -> None:
    assert substitute("${A:-x} ${A-y} $B ${B}", {"B": "1"}) == "x y 1 1"


def test_the_exec_form_keeps_commas_inside_words() -> None:
    assert Instruction(1, "CMD", '["a", "b,c d"]').words() == ["a", "b,c d"]


def test_options_of_run_are_no_part_of_the_command() -> None:
    one = Instruction(1, "RUN", "--mount=type=cache,target=/x --network=none pip install flask")
    assert one.commands() == [["pip", "install", "flask"]]


def test_assignments_and_sudo_before_a_command_are_left_out() -> None:
    one = Instruction(1, "RUN", "A=1 sudo apt-get install -y gcc; (cd x && make) || exit 1")
    assert [words[0] for words in one.commands() if words] == ["apt-get", "cd", "make", "exit"]


def test_an_open_quote_does_not_stop_the_reader() -> None:
    assert Instruction(1, "RUN", "echo 'it").commands() == [["echo", "'it"]]


def test_a_stage_is_followed_to_the_stage_that_it_is_built_on() -> None:
    read = parse("FROM a:1 AS base\nRUN x\nFROM b:1 AS other\nFROM Base\n")
    assert [stage.image for stage in read.lineage(read.stages[-1])] == ["Base", "a:1"]


def test_a_stage_that_names_itself_like_its_image_ends() -> None:
    read = parse("FROM python AS python\n")
    assert read.lineage(read.stages[0]) == [read.stages[0]]


def test_what_is_no_dockerfile_has_no_stage() -> None:
    assert parse("").stages == ()
    assert parse("hello world\n").instructions[0].keyword == "HELLO"
