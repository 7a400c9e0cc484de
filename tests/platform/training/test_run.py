import pytest
import torch
from safetensors.torch import load_file

from diffsmith.errors import FileFault, NonFiniteLoss, SpecError
from diffsmith.training.run import Training


@pytest.fixture
def training_of(lab):
    def make(spec, folder=None):
        return Training(spec, lab.bind("datasets", spec.data)(), lab, folder)

    return make


def through(training):
    """Train to the end, with a checkpoint after every step; returns the losses."""
    losses = []
    for step in training.steps():
        losses.append(step.loss)
        training.save()
    return losses


def weights(training):
    return {name: tensor.clone() for name, tensor in training.average.state_dict().items()}


def same(left, right):
    return all(torch.equal(left[name], right[name]) for name in left)


def test_steps_count_from_one_and_say_what_they_did(training_of, spec_of):
    steps = list(training_of(spec_of(steps=4, lr=0.1, warmup=1)).steps())
    assert [step.number for step in steps] == [1, 2, 3, 4]
    assert {step.of for step in steps} == {4}
    assert [step.lr for step in steps] == [0.05, 0.1, 0.1, 0.1]
    assert all(step.loss > 0 and step.grad_norm > 0 and step.seconds > 0 for step in steps)


@pytest.mark.parametrize(("until", "numbers"), [(0, []), (2, [1, 2]), (99, [1, 2, 3])])
def test_training_goes_on_until_told(training_of, spec_of, until, numbers):
    training = training_of(spec_of(steps=3))
    assert [step.number for step in training.steps(until)] == numbers
    assert [step.number for step in training.steps()] == [n for n in (1, 2, 3) if n not in numbers]


def test_the_seed_decides_everything_and_nothing_else_does(training_of, spec_of):
    def made(seed):
        torch.rand(int(torch.randint(9, ()).item()))  # torch's own numbers stand anywhere
        training = training_of(spec_of(seed=seed, model={"dropout": 0.3}, class_dropout=0.5))
        list(training.steps())
        return weights(training)

    assert same(made(3), made(3))
    assert not same(made(3), made(4))


def test_training_leaves_torch_s_numbers_as_they_were(training_of, spec_of):
    before = torch.random.get_rng_state()
    list(training_of(spec_of(model={"dropout": 0.3})).steps())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_every_small_batch_has_noise_levels_of_its_own(training_of, spec_of):
    training, heard = training_of(spec_of(steps=3, accumulate=2)), []
    training.network.register_forward_hook(lambda network, given, out: heard.append(given[1]))
    list(training.steps())
    assert len(heard) == 6
    assert torch.cat(heard).unique().numel() == 6 * 5


def test_two_small_batches_have_the_gradient_of_one_large_batch(training_of, spec_of):
    """Noise is drawn for each small batch, so the network here hears none and answers the clean sample."""
    fair = {"model": {"deaf": True, "prediction": "sample"}, "class_dropout": 0, "steps": 3, "clip": 1e9}
    small = training_of(spec_of(batch=4, accumulate=2, **fair))
    large = training_of(spec_of(batch=8, **fair))
    for left, right in zip(small.steps(), large.steps(), strict=True):
        assert left.loss == pytest.approx(right.loss, abs=1e-6)
        for one, other in zip(small.network.parameters(), large.network.parameters(), strict=True):
            if other.grad is not None:
                torch.testing.assert_close(one.grad, other.grad, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(training_of, spec_of, tmp_path, stop):
    spec = spec_of(
        model={"dropout": 0.3},
        batch=7,
        accumulate=3,
        rate="cosine",
        class_dropout=0.4,
        ema=0.8,
        precision="bf16",
    )
    whole = training_of(spec)
    losses = [step.loss for step in whole.steps()]
    stopped = training_of(spec, tmp_path)
    list(stopped.steps(stop))
    stopped.save()
    resumed = training_of(spec, tmp_path)
    assert [step.loss for step in resumed.steps()] == losses[stop:]
    assert same(weights(resumed), weights(whole))
    assert same(resumed.network.state_dict(), whole.network.state_dict())


def test_the_average_follows_at_its_own_pace(training_of, spec_of):
    training = training_of(spec_of(ema=0.75))
    mine = []
    for number, _ in enumerate(training.steps()):
        now = training.network.go.weight.detach().clone()
        mine = now if number == 0 else 0.75 * mine + 0.25 * now
    torch.testing.assert_close(training.average.module.go.weight, mine)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("data", [{"bad_row": 9}, {"bad_row": 14, "bad": float("inf")}])
def test_a_bad_number_ends_the_run_before_anything_is_poisoned(
    training_of, spec_of, tmp_path, data, precision
):
    spec = spec_of(steps=30, batch=2, accumulate=2, data=data, precision=precision)
    training = training_of(spec, tmp_path)
    with pytest.raises(NonFiniteLoss, match=r"^training step \d+: the loss is (nan|inf)") as caught:
        through(training)
    assert caught.value.step == training.step + 1
    assert str(caught.value.checkpoint) in str(caught.value)
    assert caught.value.checkpoint == max(tmp_path.iterdir())
    written = [tensor for file in tmp_path.rglob("*.safetensors") for tensor in load_file(file).values()]
    assert len(written) > 20
    assert all(tensor.isfinite().all() for tensor in [*written, *weights(training).values()])


def test_without_a_checkpoint_the_sentence_says_so(training_of, spec_of):
    with pytest.raises(NonFiniteLoss, match=r"step 1: .*no checkpoint was written before it") as caught:
        through(training_of(spec_of(batch=24, data={"bad_row": 0})))
    assert caught.value.checkpoint is None


def test_a_rate_that_is_too_high_ends_the_run(training_of, spec_of, tmp_path):
    dit = {"name": "dit", "depth": 2, "heads": 2, "head_dim": 8}
    spec = spec_of(model=dit, data={"name": "digits"}, steps=40, batch=16, lr=1, warmup=0, clip=1e30)
    with pytest.raises(NonFiniteLoss, match=r"Try a lower train\.lr"):
        through(training_of(spec, tmp_path))
    written = [tensor for file in tmp_path.rglob("*.safetensors") for tensor in load_file(file).values()]
    assert written
    assert all(tensor.isfinite().all() for tensor in written)


@pytest.mark.parametrize(
    "changes",
    [{"lr": 0.5}, {"batch": 6}, {"seed": 1}, {"model": {"dropout": 0.1}}, {"data": {"bad_row": None}}],
)
def test_a_folder_trained_by_another_spec_is_refused(training_of, spec_of, tmp_path, changes):
    through(training_of(spec_of(), tmp_path))
    with pytest.raises(
        SpecError, match=r"step-00000006 was trained with another spec: use a new folder"
    ) as caught:
        training_of(spec_of(**changes), tmp_path)
    assert len(caught.value.faults) == 1


def test_a_default_written_down_is_the_same_spec(training_of, spec_of, tmp_path):
    through(training_of(spec_of(), tmp_path))
    assert training_of(spec_of(ema=0.995, times="uniform", checkpoint_every=7), tmp_path).step == 6


def test_at_a_constant_rate_a_run_can_be_made_longer(training_of, spec_of, tmp_path):
    through(training_of(spec_of(steps=4), tmp_path))
    longer = training_of(spec_of(steps=9), tmp_path)
    assert [step.number for step in longer.steps()] == [5, 6, 7, 8, 9]
    whole = training_of(spec_of(steps=9))
    list(whole.steps())
    assert same(weights(longer), weights(whole))


def test_a_cosine_run_cannot_be_made_longer(training_of, spec_of, tmp_path):
    through(training_of(spec_of(steps=4, rate="cosine"), tmp_path))
    with pytest.raises(SpecError, match="another spec"):
        training_of(spec_of(steps=9, rate="cosine"), tmp_path)


def test_a_run_that_went_further_is_refused(training_of, spec_of, tmp_path):
    through(training_of(spec_of(steps=4), tmp_path))
    with pytest.raises(
        SpecError, match=r"step-00000004 is beyond train.steps 3: use a new folder, or more steps"
    ):
        training_of(spec_of(steps=3), tmp_path)


def test_a_network_that_changed_since_is_told_as_a_file(lab, training_of, spec_of, tmp_path):
    through(training_of(spec_of(), tmp_path))
    vars(lab.get("models", "pebble"))["function"] = lambda shape, classes: torch.nn.Conv2d(1, 1, 3)
    with pytest.raises(FileFault, match=r"step-00000006: does not fit this model: 2 missing"):
        training_of(spec_of(), tmp_path)


def test_a_pipeline_is_a_copy_that_stays_as_it_is(training_of, spec_of):
    training = training_of(spec_of(engine={"dtype": "bfloat16", "layout": "plain"}))
    list(training.steps(3))
    pipeline = training.pipeline()
    before = pipeline.network.go.weight.clone()
    list(training.steps())
    assert torch.equal(pipeline.network.go.weight, before)
    assert before.dtype == torch.bfloat16
    assert training.average.module.go.weight.dtype == torch.float32
    assert len(pipeline.generate(labels=[0, 1])) == 2


def test_data_of_another_number_format_are_taken(lab, spec_of):
    data = lab.bind("datasets", spec_of().data)()
    doubled = type(data)(
        "dots", "image", *[type(data.train)(data.train.x.double(), data.train.label)] * 3, classes=3
    )
    (step,), (plain,) = (list(Training(spec_of(), each, lab).steps(1)) for each in (doubled, data))
    assert step.loss == plain.loss
