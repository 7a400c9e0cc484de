"""From a spec to samples: the same ones whatever the batch, and one sentence for whatever is wrong."""

import pytest
import torch
from safetensors.torch import load_file, save_file

import diffsmith
from diffsmith.diffusion.noise import Seeded
from diffsmith.documents import read_yaml, write_yaml
from diffsmith.errors import FileFault, SpecError
from diffsmith.pipeline import assemble, build, load, new_network, request_of
from diffsmith.registry import default_registry
from diffsmith.specs import PipelineSpec, Request, parse

REGISTRY = default_registry()


def made(classes=3, shape=(1, 8, 8), model=(), steps=3, **parts):
    """A pipeline around an untrained network, whose weights are all drawn so that none is silent."""
    values = {
        "model": {"name": "unet", "width": 8, "shape": shape, "classes": classes, **dict(model)},
        "spacing": {"steps": steps},
        "engine": {"device": "cpu"},
        **parts,
    }
    spec = parse(PipelineSpec, values)
    network = new_network(spec.model, REGISTRY)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) / weight[0].numel() ** 0.5)
    return assemble(spec, network, REGISTRY)


def finals(pipeline, seeds, labels=None):
    *_, last = pipeline.frames(Request(seeds=seeds, labels=labels))
    return last.x


@pytest.mark.parametrize("scheduler", REGISTRY.names("schedulers"))
def test_every_scheduler_walks_with_a_network(scheduler):
    """At every spacing and on every path: tests/platform/sampling, with a network that costs nothing."""
    pipeline = made(None, (1, 2, 2), {"multipliers": [1]}, scheduler=scheduler)
    frames = list(pipeline.frames(Request()))
    assert all(frame.x.isfinite().all() and frame.x0.isfinite().all() for frame in frames)


def test_a_threshold_keeps_every_sample_within_its_limit():
    last = finals(made(None, threshold={"name": "clip", "limit": 0.25}), (0, 1))
    assert last.abs().max() == 0.25
    assert finals(made(None), (0, 1)).abs().max() > 0.25


def test_noise_is_a_choice_and_a_sample_depends_on_its_seed_alone_there_too():
    plain, brownian = (made(None, scheduler="dpmpp_sde", noise=name) for name in ("seeded", "brownian"))
    together = finals(brownian, (3, 8))
    torch.testing.assert_close(together[1:], finals(brownian, (8,)), rtol=1e-3, atol=1e-3)
    assert not torch.allclose(together, finals(plain, (3, 8)))


def test_a_consistency_model_s_boundary_is_put_around_it():
    """Where that counts all timesteps as the clean end, the estimate is x itself."""
    near = made(
        None,
        model={"boundary": {"name": "lcm_boundary", "timestep_scaling": 1e-9}},
        scheduler="ddim",
        spacing={"name": "explicit_sigmas", "sigmas": [1.0]},
    )
    (frame,) = near.frames(Request(seeds=(0,)))
    start = Seeded([0])(torch.zeros(1, 1, 8, 8), None, None)
    torch.testing.assert_close(frame.x0, start, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scheduler", ["ddpm", "dpmpp_2m", "heun", "lcm"])
def test_a_sample_depends_on_its_seed_alone(scheduler):
    """A batch of another size may sum in another order, which an untrained network makes more of."""
    pipeline = made(scheduler=scheduler)
    together = finals(pipeline, (4, 9, 11), (0, 1, 2))
    alone = torch.cat([finals(pipeline, (seed,), (label,)) for seed, label in ((4, 0), (9, 1), (11, 2))])
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-3)
    assert torch.equal(together, finals(pipeline, (4, 9, 11), (0, 1, 2)))
    assert not torch.allclose(together[:1], finals(pipeline, (5,), (0,)), atol=0.1)


@pytest.mark.parametrize("batch", [1, 2, 5, 64])
def test_the_engine_s_batch_changes_nothing_but_speed(batch):
    reference = made().generate(labels=[0, 1, 2, 0, 1], seed=3)
    samples = made(engine={"device": "cpu", "batch": batch}).generate(labels=[0, 1, 2, 0, 1], seed=3)
    assert [(sample.seed, sample.label) for sample in samples] == [(3, 0), (4, 1), (5, 2), (6, 0), (7, 1)]
    for sample, other in zip(samples, reference, strict=True):
        difference = sample.data.int() - other.data.int()
        assert difference.abs().max() <= 1  # a rounding that fell the other way


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_other_number_formats_make_nearly_the_same(dtype):
    plain, short = (made(engine={"device": "cpu", "dtype": each}) for each in ("float32", dtype))
    torch.testing.assert_close(finals(short, (0,), (1,)), finals(plain, (0,), (1,)), rtol=0.1, atol=0.2)


def test_generate_in_a_person_s_words():
    pipeline = made()
    assert [(each.seed, each.label) for each in pipeline.generate()] == [(0, None)]
    assert [(each.seed, each.label) for each in pipeline.generate(labels=2, seed=8)] == [(8, 2)]
    assert [(each.seed, each.label) for each in pipeline.generate(labels=[0, 2], seed=1)] == [(1, 0), (2, 2)]
    assert [(each.seed, each.label) for each in pipeline.generate(labels=1, seeds=[7, 3])] == [(7, 1), (3, 1)]
    assert [(each.seed, each.label) for each in pipeline.generate(seeds=range(2))] == [(0, None), (1, None)]
    request = Request(seeds=(5,), labels=(2,))
    assert [(each.seed, each.label) for each in pipeline.generate(request)] == [(5, 2)]


def test_labels_matter_and_none_is_a_class_of_its_own():
    pipeline = made()
    zero, one, nobody = finals(pipeline, (0,), (0,)), finals(pipeline, (0,), (1,)), finals(pipeline, (0,))
    assert not torch.allclose(zero, one)
    assert not torch.allclose(zero, nobody)


def test_a_model_without_classes_makes_samples_without_labels():
    assert [sample.label for sample in made(None).generate(seeds=[1, 2])] == [None, None]


@pytest.mark.parametrize(
    ("classes", "labels", "seeds", "told"),
    [
        (3, [0, 3], None, r"^labels: 3 is not a class of this model. Classes: 0 to 2$"),
        (None, 0, None, r"^labels: unet was trained without classes; leave labels out$"),
        (3, [-1], None, r"^labels.0: input should be greater than or equal to 0, got -1$"),
        (3, ["x"], None, r"^labels.0: input should be a valid integer.*got 'x'$"),
        (3, [0, 1], [5], r"^2 labels for 1 seeds: give as many, or one label$"),
        (3, 0, [-1], r"^seeds.0: input should be greater than or equal to 0, got -1$"),
        (3, None, [], r"^seeds: at least one is needed$"),
    ],
)
def test_a_wrong_request_is_told_in_one_sentence(classes, labels, seeds, told):
    with pytest.raises(SpecError, match=told) as caught:
        made(classes).generate(labels=labels, seeds=seeds)
    assert len(caught.value.faults) == 1


def test_frames_refuse_wrong_labels_before_the_first_step():
    with pytest.raises(SpecError, match="not a class"):
        made().frames(Request(labels=(9,)))


@pytest.mark.parametrize(
    ("scheduler", "steps", "calls"), [("ddim", 5, 5), ("heun", 5, 9), ("dpmpp_2m", 1, 1)]
)
@pytest.mark.parametrize(("guidance", "times"), [("none", 1), ("cfg", 2), ({"name": "cfg", "scale": 1}, 1)])
def test_calls_of_the_network_are_counted(scheduler, steps, calls, guidance, times):
    samples = made(scheduler=scheduler, steps=steps, guidance=guidance).generate(labels=[0, 1])
    assert [sample.denoiser_calls for sample in samples] == [calls * times] * 2


def test_guidance_pushes_away_from_no_class():
    plain, guided, other = (
        finals(made(steps=1, guidance={"name": "cfg", "scale": scale}), (0,), (1,)) for scale in (0, 1, 3)
    )
    torch.testing.assert_close(other, plain + 3 * (guided - plain), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(plain, finals(made(steps=1), (0,)), rtol=1e-5, atol=1e-5)


def test_frames_are_as_many_as_steps_and_end_clean():
    frames = list(made(steps=7).frames(Request(seeds=(0, 1))))
    assert [frame.index for frame in frames] == list(range(7))
    assert frames[-1].level.sigma == 0
    assert torch.equal(frames[-1].x, frames[-1].x0)
    assert not frames[-1].x.requires_grad


def test_observers_hear_the_samples(monkeypatch):
    heard = []
    monkeypatch.setattr(REGISTRY, "shout", lambda hook, **facts: heard.append((hook, facts)))
    samples = made().generate(labels=[0, 1])
    assert heard == [("diffsmith_samples_made", {"samples": samples})]


def test_a_request_in_short():
    assert request_of([3, 7], seed=2) == Request(seeds=(2, 3), labels=(3, 7))
    assert request_of(None) == Request()


def test_a_device_that_is_not_there_is_told():
    with pytest.raises(SpecError, match=r"^engine.device: there is no 'gpu' here. This machine has: .*cpu$"):
        made(engine={"device": "gpu"})


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"shape": None}, r"^model.shape: missing"),
        (
            {"multipliers": [1, 1, 1, 1, 1]},
            r"^model: 5 levels do not fit a picture of 8x8: at most 4 are possible",
        ),
    ],
)
def test_a_network_that_cannot_be_is_told(model, told):
    with pytest.raises(SpecError, match=told):
        made(model=model)


@pytest.fixture
def folder(trained, tmp_path):
    """A pipeline's folder of one's own to spoil."""
    for name in ("pipeline.yaml", "weights.safetensors"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    return tmp_path


def test_a_folder_and_its_spec_file_are_the_same_pipeline(folder):
    one, other = (
        load(folder).generate(labels=3),
        diffsmith.load(str(folder / "pipeline.yaml")).generate(labels=3),
    )
    assert torch.equal(one[0].data, other[0].data)


def test_what_is_no_pipeline_is_told(tmp_path, folder):
    with pytest.raises(FileFault, match=r"missing\.yaml: there is no such YAML file"):
        load(tmp_path / "missing.yaml")
    with pytest.raises(FileFault, match="missing: there is no such file or folder"):
        load(tmp_path / "missing")
    (folder / "pipeline.yaml").unlink()
    with pytest.raises(FileFault, match="is no published pipeline"):
        load(folder)


def test_faults_of_a_spec_file_name_it(folder):
    write_yaml(
        folder / "pipeline.yaml",
        {**read_yaml(folder / "pipeline.yaml"), "spacing": {"steps": 0}, "gidance": 1},
    )
    with pytest.raises(SpecError) as caught:
        load(folder)
    assert len(caught.value.faults) == 2
    assert all(fault.startswith(str(folder / "pipeline.yaml")) for fault in caught.value.faults)


def test_weights_that_are_not_named_are_told():
    with pytest.raises(SpecError, match=r"^weights: missing. Name a file, or train: `diffsmith train unet`"):
        build(parse(PipelineSpec, {"model": {"name": "unet", "shape": [1, 8, 8]}}), REGISTRY)


def test_missing_and_damaged_weights_are_told_by_their_file(folder):
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileFault, match="is damaged") as caught:
        load(folder)
    assert caught.value.path == path
    path.unlink()
    with pytest.raises(FileFault, match="there is no such weights file") as caught:
        load(folder)
    assert caught.value.path == path


def test_weights_of_another_model_are_counted(folder):
    path = folder / "weights.safetensors"
    tensors = load_file(path)
    first, second, *others = sorted(tensors)
    wrong = {name: tensors[name] for name in others[11:]}
    save_file({**wrong, others[-1]: torch.zeros(99), "foreign": tensors[first]}, path)
    with pytest.raises(FileFault) as caught:
        load(folder)
    said = str(caught.value)
    assert said.startswith(f"{path}: does not fit this model: 13 missing (")
    assert said.count("\n") == 0
    assert ", …); 1 left over (foreign); 1 of another shape (" in said
    assert f"{others[-1]} (99,) for " in said
    assert second not in wrong
