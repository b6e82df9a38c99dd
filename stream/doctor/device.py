"""The processors, the memory and the GPU, against what the line will ask of them."""

from __future__ import annotations

from collections.abc import Iterator

from stream.chosen import THREADS
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.machine import Machine, machine_at
from stream.doctor.scene import MB, Scene
from stream.problem import ERROR, NOTE, WARNING
from stream.settings import InspectorSettings

BUSY_SHARE = 0.7
ROLE_MB = 200  # of memory that a role takes beside its ring, roughly

FEW = Complaint(
    "cpu-too-few",
    WARNING,
    "{threads} threads are to judge ({count} x {each}), the line has {cores:g} processors",
    "threads that wait for each other are slower than fewer of them",
    "set inspector.count or inspector.threads so that they fit, or measure: python -m tools.bench tune FILE.yaml",
)
QUOTA = Complaint(
    "cpu-quota",
    WARNING,
    "a control group allows {quota:g} of the computer's {cores} processors",
    "when that is used up, every process stands still for the rest of each tenth of a second",
    "raise it (docker --cpus, CPUQuota= of a systemd unit), or give the line whole processors (docker --cpuset-cpus)",
)
SLEEPY = Complaint(
    "cpu-powersave",
    WARNING,
    "{count} processors run with the governor powersave ({driver})",
    "each frame is judged at the slowest clock there is",
    "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
)
BUSY = Complaint(
    "cpu-busy",
    WARNING,
    "other programs want {load:.1f} processors, {cores:g} are here",
    "what they take the line does not have; frames come late and are UNKNOWN",
    "see who it is and stop it: top -o %CPU",
)
LIMIT = Complaint(
    "memory-limit",
    WARNING,
    "a control group allows {limit:.0f} MB, the line takes about {needed:.0f} (its rings count, too)",
    "the kernel kills the largest process of the line when it is used up",
    "raise it (docker --memory, MemoryMax= of the systemd unit), or lower slots",
)
MEMORY = Complaint(
    "memory-low",
    WARNING,
    "{free:.0f} MB of memory are free, the line takes about {needed:.0f}",
    "the kernel swaps, or kills processes",
    "stop what is not needed (top -o %MEM), or lower slots",
)
NO_DRIVER = Complaint(
    "gpu-no-driver",
    ERROR,
    "device: cuda is wanted, and NVIDIA's driver shows no GPU",
    "the line refuses to start rather than to judge slower than was thought",
    "nvidia-smi; install the driver (sudo ubuntu-drivers install), in a container add --gpus all; or device: cpu",
)
UNUSED = Complaint(
    "gpu-unused",
    NOTE,
    "there is a GPU here ({gpus}), and the CPU judges: this onnxruntime knows no CUDA",
    "a GPU judges many more frames a second",
    "docs/gpu.md says how, or write device: cpu, and this is not said again",
)
COMPLAINTS = (FEW, QUOTA, SLEEPY, BUSY, LIMIT, MEMORY, NO_DRIVER, UNUSED)


def look(scene: Scene) -> Iterator[Diagnosis]:
    """Everything about processors, memory and GPU."""
    machine = machine_at(scene.root)
    if scene.running is None:  # what a running line takes itself is no other program's, and no lack
        yield from judge_load(machine)
        yield from judge_memory(machine, needed_mb(scene))
    yield from judge_processors(machine)
    count = sum(role.startswith("inspect ") for role in scene.roles)
    if count:
        yield from judge_threads(machine, count, scene.line.inspector.threads or THREADS)
        yield from judge_gpu(machine, scene.line.inspector, _providers())


def judge_load(machine: Machine) -> Iterator[Diagnosis]:
    """Pure."""
    if machine.load > BUSY_SHARE * machine.share:
        yield BUSY.told("inspector", load=machine.load, cores=machine.share)


def judge_memory(machine: Machine, wanted_mb: float) -> Iterator[Diagnosis]:
    """Pure."""
    if machine.memory_limit is not None and wanted_mb * MB > machine.memory_limit:
        yield LIMIT.told("cameras", limit=machine.memory_limit / MB, needed=wanted_mb)
    if machine.memory_free is not None and wanted_mb * MB > machine.memory_free:
        yield MEMORY.told("cameras", free=machine.memory_free / MB, needed=wanted_mb)


def judge_processors(machine: Machine) -> Iterator[Diagnosis]:
    """Pure."""
    if machine.quota is not None and machine.quota < machine.cores:
        yield QUOTA.told("inspector", quota=machine.quota, cores=machine.cores)
    if machine.sleepy:
        yield SLEEPY.told("inspector", count=machine.sleepy, driver=machine.driver)


def judge_threads(machine: Machine, count: int, each: int) -> Iterator[Diagnosis]:
    """Pure."""
    if count * each > machine.share:
        yield FEW.told("inspector.threads", threads=count * each, count=count, each=each, cores=machine.share)


def judge_gpu(machine: Machine, inspector: InspectorSettings, providers: tuple[str, ...]) -> Iterator[Diagnosis]:
    """`providers`: what the installed onnxruntime can compute with. Pure."""
    if inspector.device == "cuda" and not machine.gpus:
        yield NO_DRIVER.told("inspector.device")
    elif inspector.device == "auto" and machine.gpus and "CUDAExecutionProvider" not in providers:
        yield UNUSED.told("inspector.device", gpus=machine.gpus)


def needed_mb(scene: Scene) -> float:
    """What the line takes of memory, roughly: rings and processes."""
    rings = sum(camera.slots * 3 * w * h for camera in scene.captured_here for w, h in [scene.size(camera)])
    return rings / MB + ROLE_MB * len(scene.roles)


def _providers() -> tuple[str, ...]:
    import detector.no_telemetry  # noqa: F401  before onnxruntime, which reads the environment once

    try:
        import onnxruntime
    except ImportError:
        return ()
    return tuple(onnxruntime.get_available_providers())
