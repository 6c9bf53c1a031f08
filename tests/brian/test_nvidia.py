"""What is said where nvcc, cuRAND, the driver or a card is missing, and how sources are joined."""

import ctypes
import subprocess
from types import SimpleNamespace

import pytest

pytest.importorskip("brian2")
import tdsnn_brian as td
from tdsnn_brian.brian.cuda import nvidia
from tdsnn_brian.brian.joined import joined


class FakeDriver:
    """Answers as libcuda does: 0, or the code of an error."""

    def __init__(self, names=(), error=0):
        self.names, self.error = names, error

    def cuInit(self, flags):  # noqa: N802
        return self.error

    def cuDeviceGetCount(self, count):  # noqa: N802
        count._obj.value = len(self.names)
        return 0

    def cuDeviceGetName(self, name, size, number):  # noqa: N802
        name.value = self.names[number].encode()

    def cuDeviceGetAttribute(self, value, attribute, number):  # noqa: N802
        value._obj.value = {75: 9, 76: 0}[attribute]

    def cuGetErrorString(self, code, text):  # noqa: N802
        text._obj.value = b"no CUDA-capable device is detected"


@pytest.fixture
def toolkit(tmp_path, monkeypatch):
    """A directory that looks like CUDA's, named by CUDA_PATH; nothing else is found."""
    for name in ("bin", "include"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin" / "nvcc").touch(mode=0o755)
    (tmp_path / "include" / "curand_kernel.h").touch()
    monkeypatch.setattr(nvidia, "_USUAL", ())
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CPATH", raising=False)
    monkeypatch.setenv("CUDA_PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def driver(monkeypatch):
    def use(found):
        def load(name):
            if isinstance(found, Exception):
                raise found
            return found

        fake = SimpleNamespace(
            CDLL=load,
            c_int=ctypes.c_int,
            c_char_p=ctypes.c_char_p,
            byref=ctypes.byref,
            create_string_buffer=ctypes.create_string_buffer,
        )
        monkeypatch.setattr(nvidia, "ctypes", fake)

    return use


def refusal():
    with pytest.raises(td.UnsupportedDeviceError) as error:
        nvidia.check_gpu(curand=True)
    return str(error.value)


def test_what_is_missing_is_named_in_turn(toolkit, driver):
    driver(FakeDriver(["a card"]))
    assert nvidia.check_gpu(curand=True) is None
    assert nvidia.find_cards() == ["a card"]
    assert nvidia.compute_capability() == 9.0
    driver(FakeDriver())
    assert "offers no card" in refusal()
    driver(FakeDriver(error=100))
    assert "cuInit() gave the error 100 (no CUDA-capable device" in refusal()
    driver(OSError("libcuda.so.1: cannot open shared object file"))
    assert "no NVIDIA driver can be loaded (libcuda.so.1: cannot open" in refusal()
    (toolkit / "include" / "curand_kernel.h").unlink()
    assert "curand_kernel.h was not found" in refusal()
    assert nvidia.find_compiler()  # which is enough where no random numbers are drawn
    (toolkit / "bin" / "nvcc").unlink()
    assert "nvcc was not found" in refusal()


def test_curand_is_found_where_compilers_look(toolkit, driver, monkeypatch):
    driver(FakeDriver(["a card"]))
    (toolkit / "include" / "curand_kernel.h").rename(toolkit / "curand_kernel.h")
    monkeypatch.setenv("CPATH", str(toolkit))
    assert nvidia.check_gpu(curand=True) is None


def test_joined_sources_keep_their_names_apart(tmp_path, monkeypatch):
    """Two code objects with helpers and macros of the same names, and what calls them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code_objects").mkdir()
    for name, value in (("one", 1), ("two", 2)):
        text = f"#define VALUE {value}\nnamespace {{\nint helper() {{ return VALUE; }}\n}}\n"
        text += f"int _run_{name}() {{ return helper(); }}\n"
        (tmp_path / "code_objects" / f"{name}.cu").write_text(text)
        (tmp_path / "code_objects" / f"{name}.h").write_text(f"int _run_{name}();\n")
    after = '#include "code_objects/two.h"\nint _after_run_one() { return _run_two(); }\n'
    (tmp_path / "code_objects" / "after_run_one.cu").write_text(after)
    (tmp_path / "code_objects" / "after_run_one.h").write_text("int _after_run_one();\n")
    main = '#include <cstdio>\n#include "code_objects/one.h"\nint main() {\n'
    main += 'std::printf("%d %d", _run_one(), _after_run_one());\n}\n'
    (tmp_path / "main.cu").write_text(main)
    sources = ["main.cu", *(f"code_objects/{x}.cu" for x in ("after_run_one", "one", "two"))]
    (tmp_path / "joined.cpp").write_text(joined(sources))
    compiler = pytest.importorskip("tdsnn_brian.validation.devices").find_compiler()
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    subprocess.run([compiler, "joined.cpp", "-o", "joined"], check=True)
    run = subprocess.run(["./joined"], capture_output=True, text=True, check=True)
    assert run.stdout == "1 2"
