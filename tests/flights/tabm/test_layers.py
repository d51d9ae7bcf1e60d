"""What the layers of the network promise, on numbers worked out by hand."""

import numpy as np
import torch

from include.flights.tabm.layers import CategoryEmbedding, MemberLinear, Pieces

NAN = float("nan")


def pieces() -> Pieces:
    layer = Pieces(numbers=1, bins=2)
    layer.cut(np.array([[0], [1], [2], [3], [4], [NAN]], dtype=np.float32))
    return layer


def test_a_number_is_its_way_through_its_pieces_and_whether_it_is_unknown():
    seen = torch.tensor([[0.0], [1.0], [3.0], [4.0], [NAN]])
    expected = [[0, 0, 0], [0.5, 0, 0], [1, 0.5, 0], [1, 1, 0], [0, 0, 1]]
    assert pieces()(seen).tolist() == expected


def test_an_outlier_counts_as_the_end_of_the_training_range():
    seen = torch.tensor([[-1e30], [1e30], [float("inf")], [-float("inf")]])
    assert pieces()(seen).tolist() == [[0, 0, 0], [1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_a_number_with_one_value_and_one_without_any_stay_silent():
    layer = Pieces(numbers=2, bins=2)
    layer.cut(np.array([[7, NAN], [7, NAN]], dtype=np.float32))
    assert layer(torch.tensor([[9.0, 5.0]])).tolist() == [[0, 0, 0, 0, 0, 0]]


def test_a_number_with_two_values_has_one_piece_between_them():
    layer = Pieces(numbers=1, bins=2)
    layer.cut(np.array([[0], [0], [0], [1]], dtype=np.float32))
    assert layer(torch.tensor([[0.0], [1.0]])).tolist() == [[0, 0, 0], [1, 0, 0]]


def test_an_unknown_category_is_the_zero_vector_and_others_are_not():
    layer = CategoryEmbedding([3, 2], size=4)
    embedded = layer(torch.tensor([[0, 0], [2, 1]], dtype=torch.int32)).detach()
    assert embedded.shape == (2, 8)
    assert (embedded[0] == 0).all() and (embedded[1] != 0).all()
    torch.testing.assert_close(embedded[1, 4:], layer.table.weight[4].detach())


def test_scaled_weights_give_the_product_that_the_paper_defines():
    torch.manual_seed(0)
    layer = MemberLinear(width=5, members=3)
    torch.nn.init.normal_(layer.scale_in)
    torch.nn.init.normal_(layer.scale_out)
    hidden = torch.randn(3, 7, 5)
    scaled = hidden * layer.scale_in.transpose(1, 2)
    expected = (scaled @ layer.weight) * layer.scale_out + layer.bias
    torch.testing.assert_close(layer(hidden), expected)
