"""What the simulator is built of: sets, sheets, coordinates, backgrounds."""

import numpy as np
import pandas as pd
import pytest

from utils.vision.simulator import FaceSet, backgrounds, contact_sheet, join
from utils.vision.simulator.camera import photograph
from utils.vision.simulator.canvas import Canvas, ellipse, soft, to_face, to_picture


def three():
    images = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones(
        (1, 2, 2, 3), np.uint8
    )
    return FaceSet(images, pd.DataFrame({"face": [1, 0, 1], "tone": [1, 6, 10]}))


@pytest.mark.parametrize(
    "which, tones",
    [
        ([2, 0], [10, 1]),
        ([True, False, True], [1, 10]),
        ([], []),
        (slice(1, 3), None),
        ([-1], [10]),
    ],
)
def test_subset(which, tones):
    if isinstance(which, slice):
        which, tones = np.arange(3)[which], [6, 10]
    part = three().subset(which)
    assert part.table["tone"].tolist() == tones
    assert list(part.table.index) == list(range(len(tones)))
    assert part.images[:, 0, 0, 0].tolist() == [
        {1: 0, 6: 1, 10: 2}[tone] for tone in tones
    ]


def test_a_mask_of_another_length():
    with pytest.raises(ValueError, match=r"the mask has shape \(2,\)"):
        three().subset([True, False])


def test_a_position_that_is_not_there():
    with pytest.raises(IndexError):
        three().subset([3])


def test_floats():
    images = np.full((1, 2, 2, 3), 255, np.uint8)
    floats = FaceSet(images, pd.DataFrame({"face": [1]})).floats()
    assert floats.dtype == np.float32
    assert (floats == 1).all()


def test_join():
    both = join(three(), three().subset([1]))
    assert both.table["tone"].tolist() == [1, 6, 10, 6]
    assert both.images[:, 0, 0, 0].tolist() == [0, 1, 2, 1]
    with pytest.raises(ValueError, match="at least one set"):
        join()


def test_images_without_rows():
    with pytest.raises(ValueError, match="3 images but 2 rows"):
        FaceSet(three().images, three().table[:2])


def test_images_of_another_type():
    with pytest.raises(ValueError, match="images are float32"):
        FaceSet(three().floats(), three().table)


def test_contact_sheet():
    sheet = contact_sheet(three().images, columns=2, gap=1)
    assert sheet.shape == (5, 5, 3)
    assert sheet[:, :, 0].tolist() == [
        [0, 0, 255, 1, 1],
        [0, 0, 255, 1, 1],
        [255] * 5,
        [2, 2, 255, 255, 255],
        [2, 2, 255, 255, 255],
    ]


def test_contact_sheet_of_grey_floats():
    sheet = contact_sheet(np.array([[[0.0]], [[0.5]], [[1.5]]]), gap=0)
    assert sheet.tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    "images, columns", [(np.zeros((0, 2, 2, 3)), 2), (np.zeros((1, 2, 2)), 0)]
)
def test_a_sheet_of_nothing(images, columns):
    with pytest.raises(ValueError, match=r"images have shape|columns is 0"):
        contact_sheet(images, columns=columns)


def test_coordinates_there_and_back():
    placing = {"x": 0.1, "y": -0.05, "roll": 0.3, "scale": 1.2}
    placing = {k: np.full((1, 1, 1), v, np.float32) for k, v in placing.items()}
    x, y = to_face(placing)
    column, row = to_picture(x, y, placing)
    lines, columns = np.mgrid[:64, :64]
    np.testing.assert_allclose(column.reshape(64, 64), columns, atol=1e-3)
    np.testing.assert_allclose(row.reshape(64, 64), lines, atol=1e-3)


def test_painting_in_a_window_is_painting_on_the_whole():
    """A dot at a point of the face, for one of two heads that are turned and moved."""
    placing = {
        k: np.array(v, np.float32).reshape(2, 1, 1)
        for k, v in {
            "x": (0, 0.1),
            "y": (0, 0.2),
            "roll": (0, 0.4),
            "scale": (1, 0.9),
        }.items()
    }
    x, y = np.full((2, 2, 1, 1), 0.2, np.float32)
    white = np.float32(1)

    def canvas():
        return Canvas(
            np.zeros((3, 2, 64, 64), np.float32), *to_face(placing), placing, {}
        )

    whole, cut, second = canvas(), canvas(), np.array([0, 1]).reshape(2, 1, 1)
    whole.paint(second * ellipse(whole.x - x, whole.y - y, 0.1, 0.1), white)
    part = cut.window(x, y, 16, second)
    part.paint(ellipse(part.x, part.y, 0.1, 0.1), white)
    cut.paste(part)
    assert whole.pixels.max() == 1
    np.testing.assert_allclose(cut.pixels, whole.pixels, atol=1e-5)


def test_a_window_at_the_border_stays_inside():
    placing = {
        k: np.full((1, 1, 1), k == "scale", np.float32)
        for k in ("x", "y", "roll", "scale")
    }
    canvas = Canvas(
        np.zeros((3, 1, 64, 64), np.float32), *to_face(placing), placing, {}
    )
    far = np.full((1, 1, 1), 3, np.float32)
    assert canvas.window(far, -far, 10).pixels.shape == (3, 1, 10, 10)


def test_soft():
    np.testing.assert_allclose(
        soft(np.float32([-1, -0.1, 0, 0.1, 1]), 0.4), [1, 0.75, 0.5, 0.25, 0]
    )


def test_halves_of_the_photographs_share_no_column():
    for train, test in zip(
        *map(backgrounds._photographs, ("train", "test")), strict=True
    ):
        assert train.height == test.height
        assert train.width / (train.width + test.width) == pytest.approx(0.6, abs=0.01)
        assert max(train.width + test.width, train.height) <= backgrounds.LONGEST_SIDE


def test_textures_are_standardised():
    for kind in ("cloud", "strand"):
        texture = backgrounds.textures(np.linspace(0, 0.999, 200), kind)
        assert texture.shape == (200, 64, 64)
        assert abs(texture.mean()) < 0.1
        assert texture.std() == pytest.approx(1, abs=0.1)


def test_the_camera_by_hand():
    """Grey light at gain 0.5, warm by a tenth, without noise."""
    drawn = {
        "gain": 0.5,
        "warmth": 0.1,
        "uneven_right": 0,
        "uneven_down": 0,
        "blurred": 0,
    }
    drawn = {
        k: np.full((1, 1, 1), v, np.float32) for k, v in (drawn | {"noise": 0}).items()
    }
    light = np.full((3, 1, 64, 64), 0.8, np.float32)
    picture = photograph(light, drawn, np.random.default_rng(0))
    assert picture.shape == (1, 64, 64, 3)
    assert set(map(tuple, picture.reshape(-1, 3).tolist())) == {(112, 102, 91)}


@pytest.mark.parametrize("half", ["train", "test"])
@pytest.mark.parametrize("chance", [0, 1 - 2**-24])
def test_the_first_and_the_last_crop(half, chance):
    """The smallest and the largest chance there is choose a crop within a photograph."""
    drawn = {
        f"crop_{k}": np.full((1, 1, 1), chance, np.float32) for k in backgrounds.CROP
    }
    assert backgrounds.crops(drawn, half).shape == (3, 1, 64, 64)
    assert backgrounds.textures(drawn["crop_x"]).shape == (1, 64, 64)
