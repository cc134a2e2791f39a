"""The class table against the names of ImageNet's classes, in torchvision's order."""

import pytest

from objectsounds.config.classes import read_classes

NAMES = {
    "accordion": "accordion",
    "acoustic_guitar": "acoustic guitar",
    "banjo": "banjo",
    "cello": "cello",
    "drum": "drum",
    "electric_guitar": "electric guitar",
    "flute": "flute",
    "french_horn": "French horn",
    "harmonica": "harmonica",
    "harp": "harp",
    "marimba": "marimba",
    "piano": "grand piano; upright",
    "saxophone": "sax",
    "trombone": "trombone",
    "violin": "violin",
    "cat": "tabby; tiger cat; Persian cat; Siamese cat; Egyptian cat",
    "chicken": "cock; hen",
    "frog": "bullfrog; tree frog; tailed frog",
    "train": "bullet train; electric locomotive; passenger car; steam locomotive",
    "plane": "airliner; warplane",
    "motorbike": "moped; motor scooter",
    "guitar": "acoustic guitar; electric guitar",
    "bassoon": "bassoon",
    "oboe": "oboe",
    "trumpet": "cornet",
    "car": "convertible; racer; sports car",
    "gong": "gong",
    "organ": "organ",
    "steel_drum": "steel drum",
    "cow": "ox",
    "duck": "drake",
    "elephant": "Indian elephant; African elephant",
    "goose": "goose",
    "horse": "sorrel",
    "lion": "lion",
    "owl": "great grey owl",
    "pig": "hog",
    "rodent": "hamster; guinea pig",
    "sheep": "ram",
    "bus": "minibus; school bus; trolleybus",
    "truck": "garbage truck; moving van; tow truck; trailer truck",
    "chainsaw": "chain saw",
    "church_bell": "bell cote",
    "clock": "analog clock; digital clock; wall clock",
    "frying_pan": "frying pan",
    "hair_dryer": "hand blower",
    "lawn_mower": "lawn mower",
    "printer": "printer",
    "sewing_machine": "sewing machine",
    "toilet": "toilet seat",
    "typewriter": "typewriter keyboard",
    "vacuum_cleaner": "vacuum",
}
ADDED = {"car": "beach wagon; cab; jeep; limousine; minivan; Model T; pickup"}
OVERLAPPING = {"guitar"}  # Rowe's, which is both of Gao's


@pytest.fixture(scope="module")
def imagenet():
    from objectsounds.networks.vision import torchvision

    return torchvision.models.get_model_weights("resnet18")["IMAGENET1K_V1"].meta["categories"]


@pytest.mark.parametrize("name", sorted(set(read_classes()) - {"dog"}))
def test_the_indices_of_an_object_are_those_of_its_imagenet_names(imagenet, name):
    item = read_classes()[name]
    assert "; ".join(imagenet[index] for index in item.imagenet) == NAMES.get(name, "")
    assert "; ".join(imagenet[index] for index in item.imagenet_added) == ADDED.get(name, "")


def test_a_dog_is_every_breed_and_no_wolf(imagenet):
    dog = read_classes()["dog"]
    breeds = [imagenet[index] for index in dog.imagenet]
    assert len(breeds) == 118 and not dog.imagenet_added
    assert (breeds[0], breeds[-1]) == ("Chihuahua", "Mexican hairless")
    assert (imagenet[dog.imagenet[0] - 1], imagenet[dog.imagenet[-1] + 1]) == ("sea lion", "timber wolf")


def test_no_index_means_two_objects():
    own = [item for item in read_classes().values() if item.name not in OVERLAPPING]
    indices = [index for item in own for index in item.imagenet_of("full")]
    assert len(indices) == len(set(indices)) and min(indices) >= 0 and max(indices) < 1000


def test_the_papers_indices_stay_to_be_chosen():
    car = read_classes()["car"]
    assert car.imagenet_of("papers") == (511, 751, 817)
    assert set(car.imagenet_of("full")) == {436, 468, 511, 609, 627, 656, 661, 717, 751, 817}
