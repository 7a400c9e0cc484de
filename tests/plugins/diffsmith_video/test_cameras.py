"""Cameras around a thing: where they are, what they look at, and their numbers."""

import math

import pytest
import torch

from diffsmith_video.cameras import flattened, normalised, orbit


def test_a_camera_in_front_is_known_number_by_number():
    expected = torch.tensor([[1.0, 0, 0, 0], [0, 0, -1, -1], [0, 1, 0, 0], [0, 0, 0, 1]])
    torch.testing.assert_close(orbit(1, elevation=0, azimuth=0)[0], expected)


def test_a_camera_from_the_side_and_above_is_known_too():
    half, root = math.sqrt(0.5), math.sqrt(0.5)
    expected = torch.tensor([[0, -half, root, root], [1, 0, 0, 0], [0, root, half, half], [0, 0, 0, 1]])
    torch.testing.assert_close(orbit(4, elevation=45)[0], expected.float(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("views", [1, 3, 4, 8])
@pytest.mark.parametrize("elevation", [-30.0, 0.0, 15.0, 89.0])
def test_all_are_turned_and_not_bent_and_look_at_the_origin(views, elevation):
    cameras = orbit(views, elevation=elevation)
    turned, place = cameras[:, :3, :3], cameras[:, :3, 3]
    assert cameras.shape == (views, 4, 4)
    torch.testing.assert_close(turned @ turned.mT, torch.eye(3).expand(views, 3, 3), rtol=0, atol=1e-6)
    torch.testing.assert_close(torch.linalg.det(turned), torch.ones(views))
    torch.testing.assert_close(turned[:, :, 2], place)  # they look along -z, so at what is behind their place
    torch.testing.assert_close(place[:, 2], torch.full((views,), math.sin(math.radians(elevation))))
    assert (turned[:, 2, 1] > 0).all()  # none stands on its head


def test_they_stand_in_equal_steps_of_the_span():
    places = orbit(4, elevation=0, azimuth=10, span=180)[:, :2, 3]
    angles = torch.atan2(places[:, 0], -places[:, 1]).rad2deg()
    torch.testing.assert_close(angles, torch.tensor([10.0, 55, 100, 145]))


def test_their_numbers_are_row_after_row():
    cameras = orbit(4)
    assert torch.equal(flattened(cameras).reshape(4, 4, 4), cameras)
    assert torch.equal(flattened(cameras, rows=3).reshape(4, 3, 4), cameras[:, :3])


def test_cameras_from_afar_come_to_distance_one():
    cameras, far = orbit(4), orbit(4)
    far[:, :3, 3] *= torch.tensor([0.5, 2, 3, 40])[:, None]
    torch.testing.assert_close(normalised(far), cameras)
    assert not torch.equal(far, cameras)
