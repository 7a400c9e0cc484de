from dataclasses import replace

import torch

from diffsmith.data import Data, Split
from diffsmith_video import features
from diffsmith_video.features import embedder, recognised


def test_digits_are_recognised_in_clips_that_were_never_seen(moving_digits, embed):
    held_out = [moving_digits.validation, moving_digits.test]
    x, label = torch.cat([part.x for part in held_out]), torch.cat([part.label for part in held_out])
    assert recognised(x, label, moving_digits) > 0.95
    assert recognised(x, (label + 1) % 10, moving_digits) < 0.05


def test_clips_and_pictures_have_features_of_their_own(moving_digits, embed):
    clips = moving_digits.test.x[:5]
    of_clips, of_pictures = embed(clips), embed(clips[:, :, 3])
    for found in (of_clips, of_pictures):
        assert found.shape == (5, 32)
        assert found.abs().max() <= 1
        assert not found.requires_grad
    assert not torch.equal(of_clips, of_pictures)


def test_pictures_are_learnt_from_all_frames_and_only_when_they_are_asked_for(monkeypatch):
    x = torch.randn(6, 1, 3, 8, 8)
    part = Split(x, torch.tensor([0, 1, 2, 0, 1, 2]))
    learnt, learn = [], features.classifier_of

    def quickly(rows, recipe):
        learnt.append(rows)
        return learn(rows, replace(recipe, steps=4))

    monkeypatch.setattr(features, "classifier_of", quickly)
    embed = embedder(Data("small", "video", part, part, part, classes=3))
    embed(x)
    assert [rows.x.shape for rows in learnt] == [(6, 1, 3, 8, 8)]
    embed(x[:, :, 0])
    embed(x[:, :, 1])
    assert [rows.x.shape for rows in learnt] == [(6, 1, 3, 8, 8), (18, 1, 8, 8)]
    assert torch.equal(learnt[1].x[4], x[1, :, 1])
    assert learnt[1].label.tolist()[:6] == [0, 0, 0, 1, 1, 1]
