"""What each choice of the engine gains and loses: ratios to the plain network, in one run, one thread.

Time is the processor's, the least of a few interleaved calls. Memory is counted: the most that a call's
tensors take at once, and the weights. The U-Net has the shape of Stable Diffusion 1.5 at half its width, 32
by 32 latents (256 pixels) and two branches in a batch. What caches lose is measured where it means
something: on samples of small networks that this script first trains on digits.

PYTHONPATH=platform:plugins python benchmarks/engine.py [compile] [flex]
"""

import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from itertools import chain
from time import process_time
from typing import Any, NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from diffsmith import default_registry, engine, factory
from diffsmith.diffusion import prediction, schedules, spacings, weightings
from diffsmith.diffusion.denoiser import Denoiser
from diffsmith.diffusion.loss import denoising_loss
from diffsmith.diffusion.noise import Seeded
from diffsmith.engine import Settings
from diffsmith.specs import SchedulerSpec
from diffsmith_image.conditional_unet import conditional_unet
from diffsmith_image.dit import dit
from diffsmith_image.unet import unet

REPEATS, WALK = 4, 20
PLAIN = Settings(
    device="cpu", dtype="float32", layout="plain", attention="sdpa", reuse_text=False, guard=False
)
CHOICES: dict[str, dict[str, Any]] = {
    "channels_last": {"layout": "channels_last"},
    "packed": {"layout": "packed"},
    "sliced attention": {"attention": "sliced"},
    "reuse_text": {"reuse_text": True},
    "guard": {"guard": True},
    "int8": {"quantize": "int8"},
    "all automatic, float32": {"layout": "auto", "attention": "auto", "reuse_text": True, "guard": True},
    "bfloat16": {"dtype": "bfloat16"},
    "bfloat16, sliced attention": {"dtype": "bfloat16", "attention": "sliced"},
    "bfloat16, packed": {"dtype": "bfloat16", "layout": "packed"},
    "all automatic": {
        "dtype": "auto",
        "layout": "auto",
        "attention": "auto",
        "reuse_text": True,
        "guard": True,
    },
}
ASKED = {
    "compile": {"compile": {"layout": "channels_last", "compile": True}},
    "flex": {"flex attention": {"attention": "flex"}},
}


class Row(NamedTuple):
    """One choice: ratios to the plain network, and the relative error of what comes out."""

    choice: str
    time: float
    tensors: float
    weights: float
    loss: float


def main(asked: list[str]) -> None:
    torch.set_num_threads(1)
    print("| choice | time | memory of tensors | of weights | loss |\n|---|---|---|---|---|")
    choices = CHOICES | {name: how for word in asked for name, how in ASKED[word].items()}
    for row in chain(calls(choices), branches(), skipping(), attention(), training(), walks()):
        print(
            f"| {row.choice} | {row.time:.2f} | {row.tensors:.2f} | {row.weights:.2f} | {row.loss:.1e} |",
            flush=True,
        )


def calls(choices: dict[str, dict[str, Any]]) -> Iterator[Row]:
    """One call of the U-Net under each choice."""
    base, rows = big(), inputs()
    plain = engine.prepared(deepcopy(base), PLAIN)
    for name, how in choices.items():
        network = engine.prepared(deepcopy(base), Settings(**{**vars(PLAIN), **how}))
        dtype = next(network.parameters()).dtype
        theirs = {key: value.to(dtype) if value.is_floating_point() else value for key, value in rows.items()}
        yield compared(name, partial(plain, **rows), partial(network, **theirs), plain, network)


def branches() -> Iterator[Row]:
    """Guidance in one batch, compared with one branch after the other."""
    network = engine.prepared(big(), Settings(device="cpu", dtype="float32"))
    both, twin = inputs(), engine.prepared(big(), Settings(device="cpu", dtype="float32"))
    halves = [
        {key: value if value.ndim == 0 else value[row : row + 1] for key, value in both.items()}
        for row in (0, 1)
    ]
    apart = lambda: torch.cat([twin(**half) for half in halves])  # noqa: E731
    yield compared("guidance apart, by together", partial(network, **both), apart, network, twin)


def skipping() -> Iterator[Row]:
    """What deep-feature caching saves at that size; with untrained weights its loss there says nothing."""
    plain, near = engine.prepared(big(), PLAIN), engine.deep_features(engine.prepared(big(), PLAIN), every=3)

    def six(network: nn.Module) -> Tensor:
        engine.begin(network)
        rows = inputs()
        return torch.stack([network(**rows) for _ in range(6)])

    yield compared("deep_features every 3 (6 calls)", partial(six, plain), partial(six, near), plain, near)


def attention() -> Iterator[Row]:
    """Slices, compared with attention that keeps all its scores, as where no fused kernel is."""
    unfused, sliced = engine.prepared(big(), PLAIN), engine.attending(big(), "sliced")

    def explicit() -> Tensor:
        with sdpa_kernel(SDPBackend.MATH):
            return unfused(**inputs())

    yield compared("sliced attention, by unfused", explicit, lambda: sliced(**inputs()), unfused, sliced)


def training() -> Iterator[Row]:
    """A training step that computes activations again."""
    plain = small_unet().train()
    again = engine.recomputed(deepcopy(plain))
    x, label = torch.randn(64, 1, 8, 8), torch.zeros(64, dtype=torch.int64)

    def step(network: nn.Module) -> Tensor:
        with torch.enable_grad():
            network.zero_grad()
            (network(x, torch.tensor(500.0), label) - x).square().mean().backward()
        return torch.cat([weight.grad.flatten() for weight in network.parameters()])

    yield compared("recompute, a training step", partial(step, plain), partial(step, again), plain, again)


def walks() -> Iterator[Row]:
    """Feature caches, on whole walks of networks that have learnt digits."""
    for name, network, caches in (
        ("U-Net", trained(small_unet()), [partial(engine.deep_features, every=n) for n in (2, 3, 5)]),
        (
            "transformer",
            trained(small_dit()),
            [partial(engine.first_block, threshold=d) for d in (0.05, 0.1, 0.2)],
        ),
    ):
        for cache in caches:
            near = cache(deepcopy(network))
            told = ", ".join(f"{key} {value}" for key, value in cache.keywords.items())
            what = f"{cache.func.__name__} {told} ({name}, {WALK} steps)"
            yield compared(what, partial(walk, network), partial(walk, near), network, near)


@torch.no_grad()
def compared(
    name: str, plain: Callable[[], Tensor], other: Callable[[], Tensor], first: nn.Module, second: nn.Module
) -> Row:
    expected, got = plain().float(), other().float()
    times = [[timed(work) for work in (plain, other)] for _ in range(REPEATS)]
    ours, theirs = (min(each) for each in zip(*times, strict=True))
    loss = float((got - expected).norm() / expected.norm())
    uncounted = any(name in rows for rows in ASKED.values())  # compiled code cannot be counted
    tensors = float("nan") if uncounted else peak(other) / peak(plain)
    return Row(name, theirs / ours, tensors, held(second) / held(first), loss)


def timed(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return process_time() - started


def peak(work: Callable[[], object]) -> int:
    with engine.Allocations() as counted:
        work()
    return counted.peak


def held(network: nn.Module) -> int:
    """Bytes of weights, in whatever form a choice keeps them."""
    packed = [layer.packed.nbytes for layer in network.modules() if hasattr(layer, "packed")]
    return sum(packed) + sum(
        part.nbytes
        for weight in network.parameters()
        for part in ((weight.qdata, weight.scale) if hasattr(weight, "qdata") else (weight,))
    )


def big() -> nn.Module:
    """Stable Diffusion 1.5 at half its width, with weights of which none are zero."""
    torch.manual_seed(0)
    widths, heads = (160, 320, 640, 640), (4, 4, 4, 4)
    network = conditional_unet(
        (4, 32, 32), None, widths=widths, layers=2, depths=(1, 1, 1, 0), heads=heads, text_width=768
    )
    for weight in network.parameters():
        if not weight.any():
            nn.init.normal_(weight, std=0.02)
    return network.eval()


def inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x, text = torch.randn(2, 4, 32, 32, generator=generator), torch.randn(2, 77, 768, generator=generator)
    return {"x": x, "t": torch.tensor(500.0), "text": text}


def small_unet() -> nn.Module:
    torch.manual_seed(0)
    return unet((1, 8, 8), 10, width=16, multipliers=(1, 2, 2), layers=2, attention=(1,))


def small_dit() -> nn.Module:
    torch.manual_seed(0)
    return dit((1, 8, 8), 10, heads=4, head_dim=16, depth=6)


def trained(network: nn.Module, steps: int = 800) -> nn.Module:
    """The network after so many steps of learning digits' noise."""
    digits = load_digits()
    x0 = torch.tensor(digits.images[:, None] / 8 - 1, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    schedule, row = schedules.vp(), prediction.epsilon()
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    for _ in range(steps):
        rows = torch.randint(len(x0), (64,))
        net = partial(_told, network, labels[rows])
        log_snr, noise = schedule.at(torch.rand(64)), torch.randn(64, 1, 8, 8)
        optimizer.zero_grad()
        denoising_loss(net, x0[rows], noise, log_snr, schedule, row, weightings.uniform).backward()
        optimizer.step()
    return network.eval().requires_grad_(False)


def walk(network: nn.Module, batch: int = 20) -> Tensor:
    """Samples of two seeds a class, by DPM-Solver++."""
    engine.begin(network)
    schedule, labels = schedules.vp(), torch.arange(batch) % 10
    loop = factory.scheduler(SchedulerSpec(name="dpmpp_2m"), default_registry())
    net, seeds = partial(_told, network, labels), Seeded(range(batch))
    x = torch.randn(batch, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    log_snrs = spacings.linspace(schedule, WALK)
    for frame in loop(Denoiser(net, schedule, prediction.epsilon()), x, schedule, log_snrs, seeds):
        x = frame.x
    return x


def _told(network: nn.Module, labels: Tensor, x: Tensor, t: Any) -> Tensor:
    return network(x, torch.as_tensor(t), labels)


if __name__ == "__main__":
    main(sys.argv[1:])
