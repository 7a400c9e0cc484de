from diffsmith.options import options_model
from diffsmith.registry import Registry


def registry():
    import diffsmith_image

    return Registry([("image", lambda: diffsmith_image)])


def test_the_plugin_loads_and_brings_what_it_says():
    found = registry()
    assert found.reports["image"].error == ""
    assert found.names("modalities") == ["image"]
    assert found.names("datasets") == ["digits", "folder"]
    assert {"frechet", "kid", "sliced_wasserstein", "density", "coverage"} <= set(found.names("metrics"))
    assert {"unet", "dit", "uvit"} <= set(found.names("models"))


def test_every_card_has_a_summary_a_function_and_checkable_options():
    found = registry()
    for kind in ("datasets", "metrics", "models"):
        for name in found.names(kind):
            card = found.get(kind, name)
            assert card.summary.endswith(".")
            assert card.modality == "image"
            assert options_model(card.function)


def test_the_metrics_of_the_modality_exist_and_know_their_direction():
    found = registry()
    cards = {name: found.get("metrics", name) for name in found.get("modalities", "image").metrics}
    best_high = {name for name, card in cards.items() if card.direction == "maximize"}
    assert next(iter(cards)) == "frechet"
    assert best_high == {"density", "coverage"}
