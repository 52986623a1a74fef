"""Requirements are found wherever a source declares them."""

from __future__ import annotations

from pathlib import Path

from harness.static.declared import Declared, collect, main_file
from harness.static.places import Places


def project(folder: Path, **files: str) -> Places:
    """Files by name, `__` for a slash and `_` for a dot; their source folder is `app`."""
    (folder / "app").mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    dockerfile = folder / "Dockerfile"
    found = dockerfile if dockerfile.is_file() else None
    return Places(folder, folder / "app", folder if found else None, found)


def seen(declared: Declared) -> list[tuple[str, str, bool]]:
    return [(item.text, item.location, item.pinned) for item in declared.items]


def test_requirements_of_the_source_and_of_the_folder_above(tmp_path: Path) -> None:
    places = project(tmp_path, app__requirements_txt="a==1\n", requirements_txt="b\n")
    assert seen(collect(places)) == [
        ("a==1", "app/requirements.txt:1", True),
        ("b", "requirements.txt:1", False),
    ]


def test_included_files_are_read_once_and_circles_end(tmp_path: Path) -> None:
    places = project(
        tmp_path,
        app__requirements_txt="-r base.txt\n--requirement=base.txt\n-rbase.txt\n",
        app__base_txt="a==1\n-r requirements.txt\n",
    )
    declared = collect(places)
    assert seen(declared) == [("a==1", "app/base.txt:1", True)]
    assert declared.items[0].file == "app/requirements.txt"


def test_a_constraints_file_pins(tmp_path: Path) -> None:
    places = project(
        tmp_path, app__requirements_txt="-c locked.txt\na\nb\n", app__locked_txt="a==1\n"
    )
    assert [(text, pinned) for text, _, pinned in seen(collect(places))] == [
        ("a", True),
        ("b", False),
    ]


def test_a_missing_include_is_not_silently_skipped(tmp_path: Path) -> None:
    places = project(tmp_path, app__requirements_txt="-r gone.txt\n")
    assert collect(places).items[0].unknown == "names a file that is not here"


def test_an_include_from_outside_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret==1\n")
    inner = tmp_path / "project"
    inner.mkdir()
    places = project(inner, app__requirements_txt="-r ../../outside.txt\n")
    assert [item.unknown for item in collect(places).items] == ["names a file that is not here"]


def test_options_of_pip_are_no_requirements(tmp_path: Path) -> None:
    text = "--index-url https://e.org/\n-i https://e.org/\n--pre\n-f ./wheels\na==1\n"
    places = project(tmp_path, app__requirements_txt=text)
    assert seen(collect(places)) == [("a==1", "app/requirements.txt:5", True)]


def test_packages_on_the_command_lines_of_a_dockerfile(tmp_path: Path) -> None:
    run = (
        "FROM a:1\nARG V=2\nRUN pip install --no-cache-dir -i https://e.org a==1 'b[x]>=1' c==$V"
        " && python3.11 -m pip --python /x install d && uv pip install e && echo pip install f\n"
    )
    places = project(tmp_path, Dockerfile=run)
    assert [(text, pinned) for text, _, pinned in seen(collect(places))] == [
        ("a==1", True),
        ("b[x]>=1", False),
        ("c==2", True),
        ("d", False),
        ("e", False),
    ]


def test_a_file_that_the_dockerfile_installs_is_found_under_its_place_there(tmp_path: Path) -> None:
    places = project(
        tmp_path,
        Dockerfile="FROM a:1\nCOPY serve.txt /tmp/reqs.txt\nRUN pip install -r /tmp/reqs.txt\n",
        serve_txt="a\n",
    )
    assert seen(collect(places)) == [("a", "serve.txt:1", False)]
    assert collect(places).installed == {"serve.txt"}


def test_a_bind_mount_is_followed(tmp_path: Path) -> None:
    run = "RUN --mount=type=bind,source=serve.txt,target=/r.txt pip install -r /r.txt\n"
    places = project(tmp_path, Dockerfile=f"FROM a:1\n{run}", serve_txt="a\n")
    assert [text for text, _, _ in seen(collect(places))] == ["a"]


def test_a_path_inside_the_image_is_no_path_on_this_machine(tmp_path: Path) -> None:
    outside = tmp_path / "host.txt"
    outside.write_text("secret\n")
    inner = tmp_path / "project"
    inner.mkdir()
    places = project(inner, Dockerfile=f"FROM a:1\nRUN pip install -r {outside}\n")
    assert [item.unknown for item in collect(places).items] == ["names a file that is not here"]


def test_the_candidate_itself_is_installed_with_what_it_depends_on(tmp_path: Path) -> None:
    places = project(
        tmp_path,
        Dockerfile="FROM a:1\nCOPY . .\nRUN pip install .\n",
        pyproject_toml='[project]\nname = "it"\ndependencies = ["a>=1"]\n',
    )
    assert seen(collect(places)) == [("a>=1", "pyproject.toml", False)]


def test_a_lock_file_is_named(tmp_path: Path) -> None:
    places = project(
        tmp_path, app__pyproject_toml='[project]\ndependencies = ["a"]\n', app__uv_lock=""
    )
    declared = collect(places)
    assert (declared.items, declared.locks) == ([], [tmp_path / "app" / "uv.lock"])


def test_a_pyproject_that_is_no_toml_is_broken(tmp_path: Path) -> None:
    assert collect(project(tmp_path, app__pyproject_toml="[")).items[0].broken != ""


def test_the_nearest_requirements_file_is_the_main_one(tmp_path: Path) -> None:
    places = project(tmp_path, app__requirements_txt="", requirements_txt="")
    assert main_file(places) == tmp_path / "app" / "requirements.txt"
