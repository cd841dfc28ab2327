"""Hand-made frames and sets of frames with what every matching rule makes of them.

Typed in from published descriptions and hand calculation, never computed by the package. The
proofs abbreviate: P1, P2.. predictions and L1, L2.. labels in the order given; "P1-L2 5" is the
distance of a pair. ``regenerate.py`` checks all of it and writes the published suite.
"""

from __future__ import annotations

FRAMES = []


def frame(
    id,
    shows,
    predictions,
    labels,
    *,
    proof,
    every=None,
    hungarian=None,
    official=None,
    nearest=None,
    ungated=None,
    radius=6.0,
    inclusive=None,
    ties=None,
    originals=None,
    same=None,
    scores=None,
    rounding=False,
):
    """Add a case. Counts are (TP, FP, FN); ``every`` is for rules not named by themselves.

    ``inclusive`` None: no distance equals the radius, so either boundary must give the counts.
    ``ties``: rule -> all counts that some order of equally close pairs gives. ``originals``:
    what the published programs give where it is something else. ``same``: the case whose points
    these are, in another order. ``rounding``: paper and double precision disagree.
    """
    named = {
        "hungarian": hungarian,
        "official": official,
        "nearest": nearest,
        "ungated": ungated,
    }
    FRAMES.append(
        {
            "id": id,
            "shows": shows,
            "proof": proof,
            "radius": float(radius),
            "inclusive": inclusive,
            "predictions": [list(p) for p in predictions],
            "labels": [list(p) for p in labels],
            "scores": scores,
            "expected": {rule: counts or every for rule, counts in named.items()},
            "ties": ties or {},
            "originals": originals or {},
            "same": same,
            "rounding": rounding,
        }
    )


# --- the boundary -----------------------------------------------------------------------------

frame(
    "A",
    "exactly at the radius, <=",
    [(14, 6)],
    [(14, 0)],
    inclusive=True,
    every=(1, 0, 0),
    proof="The only pair is 6 apart, and 6 <= 6.",
    originals={"nearest": (0, 1, 1)},
)
frame(
    "A_strict",
    "exactly at the radius, <",
    [(14, 6)],
    [(14, 0)],
    inclusive=False,
    every=(0, 1, 1),
    proof="The only pair is 6 apart, and 6 < 6 is false.",
    originals={"official": (1, 0, 0)},
)
frame(
    "diagonal_at_radius",
    "exactly at the radius along a diagonal, <=",
    [(13, 14)],
    [(10, 10)],
    radius=5,
    inclusive=True,
    every=(1, 0, 0),
    proof="Sides 3 and 4: distance 5 <= 5.",
    originals={"nearest": (0, 1, 1)},
)
frame(
    "diagonal_at_radius_strict",
    "exactly at the radius along a diagonal, <",
    [(13, 14)],
    [(10, 10)],
    radius=5,
    inclusive=False,
    every=(0, 1, 1),
    proof="Sides 3 and 4: distance 5, and 5 < 5 is false.",
    originals={"official": (1, 0, 0)},
)
frame(
    "just_inside",
    "a thousandth of a pixel inside",
    [(105.999, 50)],
    [(100, 50)],
    every=(1, 0, 0),
    proof="5.999 < 6.",
)
frame(
    "just_outside",
    "a thousandth of a pixel outside",
    [(106.001, 50)],
    [(100, 50)],
    every=(0, 1, 1),
    proof="6.001 > 6.",
)
frame(
    "not_a_box",
    "within 6 px in x and in y, but not in distance",
    [(104.25, 104.25)],
    [(100, 100)],
    every=(0, 1, 1),
    proof="4.25 * sqrt(2) = 6.0104 > 6.",
)
frame(
    "not_a_sum",
    "dx + dy is beyond the radius, the distance is not",
    [(104, 104)],
    [(100, 100)],
    every=(1, 0, 0),
    proof="4 * sqrt(2) = 5.657 < 6, though 4 + 4 > 6.",
)
frame(
    "boundary_second_choice",
    "the second choice of a prediction lies exactly at the radius, <=",
    [(2, 0), (-1, 0)],
    [(0, 0), (8, 0)],
    inclusive=True,
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    proof="P2-L1 1 is closest, P1-L2 6 still counts. nearest: both ask for L1, the loser P1 gets "
    "no second choice. ungated: 1 + 6 = 7 against 2 + 9.",
)
frame(
    "boundary_second_choice_strict",
    "the same with <: the second choice is gone",
    [(2, 0), (-1, 0)],
    [(0, 0), (8, 0)],
    inclusive=False,
    every=(1, 1, 1),
    proof="P1-L2 6 is no longer a pair; P1 (2) and P2 (1) both reach only L1. ungated still "
    "chooses P2-L1 and P1-L2 (7 against 11) and then drops the latter.",
    originals={"official": (2, 0, 0)},
)
frame(
    "compass",
    "four labels all exactly at the radius, <=",
    [(50, 50)],
    [(56, 50), (44, 50), (50, 56), (50, 44)],
    inclusive=True,
    every=(1, 0, 3),
    proof="One prediction makes at most one pair, and 6 <= 6, whichever label it is.",
    originals={"nearest": (0, 1, 4)},
)
frame(
    "compass_strict",
    "four labels all exactly at the radius, <",
    [(50, 50)],
    [(56, 50), (44, 50), (50, 56), (50, 44)],
    inclusive=False,
    every=(0, 1, 4),
    proof="No pair is closer than 6.",
    originals={"official": (1, 0, 3)},
)

# --- rivals and chains ------------------------------------------------------------------------

frame(
    "B",
    "the loser of a rivalry has another label in reach",
    [(0, 0), (4, 0)],
    [(2.5, 0), (-3, 0)],
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    proof="P2-L1 1.5 and P1-L2 3. nearest: P1 asks for L1 (2.5 < 3) and loses it to P2 (1.5).",
)
frame(
    "C",
    "a chain: taking the closest pair first costs a pair",
    [(-5, 0), (2, 0)],
    [(0, 0), (7, 0)],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    proof="P1-L1 5 and P2-L2 5 make two. P2-L1 2 is closest; after it P1-L2 is 12 apart.",
)
frame(
    "C_reordered",
    "C with predictions and labels given in the other order",
    [(2, 0), (-5, 0)],
    [(7, 0), (0, 0)],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    same="C",
    proof="The points are those of C.",
)
frame(
    "C_vertical",
    "C along y: both axes count alike",
    [(0, -5), (0, 2)],
    [(0, 0), (0, 7)],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    proof="C with x and y exchanged; distances are the same.",
)
frame(
    "D",
    "a chain on whole pixels",
    [(15, 7), (12, 12)],
    [(17, 13), (11, 11)],
    hungarian=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    ungated=(1, 1, 1),
    proof="P1-L1 6.32 is out, P1-L2 5.66, P2-L1 5.10, P2-L2 1.41: two pairs by giving up the "
    "closest. ungated: 6.32 + 1.41 = 7.74 beats 5.66 + 5.10 = 10.76, then 6.32 is dropped.",
)
frame(
    "K",
    "a chain on a line: the closest pair blocks two others",
    [(4, 0), (9.5, 0)],
    [(0, 0), (5, 0)],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    proof="P1-L1 4 and P2-L2 4.5 make two; P1-L2 1 is closest and blocks both (P2-L1 9.5).",
)
frame(
    "M",
    "one row of alternating points",
    [(5, 0), (11, 0)],
    [(0, 0), (6, 0)],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    proof="P1-L1 5 and P2-L2 5 make two; P1-L2 1 is closest and blocks both (P2-L1 11).",
)
frame(
    "two_loose_or_one_tight",
    "two long pairs count for more than one short pair",
    [(0, 0), (0.5, -5.5)],
    [(0.5, 0), (5.9, 0)],
    every=(1, 1, 1),
    hungarian=(2, 0, 0),
    proof="P1-L2 5.9 and P2-L1 5.5 make two, 11.4 in all. P1-L1 0.5 is closest and leaves P2-L2 "
    "7.71. ungated: 0.5 + 7.71 = 8.21 beats 11.4, then 7.71 is dropped.",
)
frame(
    "chain_3",
    "a chain of three and three",
    [(-5, 0), (2, 0), (9, 0)],
    [(0, 0), (7, 0), (14, 0)],
    every=(3, 0, 0),
    official=(2, 1, 1),
    nearest=(2, 1, 1),
    proof="Each prediction with the label 5 to its right makes three. The pairs 2 apart, P2-L1 and "
    "P3-L2, leave P1 and L3, 19 apart. nearest: P1 loses L1 to P2. ungated: 15 against 23.",
)
frame(
    "chain_4",
    "a chain of four and four",
    [(-5, 0), (2, 0), (9, 0), (16, 0)],
    [(0, 0), (7, 0), (14, 0), (21, 0)],
    every=(4, 0, 0),
    official=(3, 1, 1),
    nearest=(3, 1, 1),
    proof="As chain_3: four pairs 5 apart, or three pairs 2 apart and two points left over.",
)
frame(
    "chain_5",
    "a chain of five and five",
    [(-5, 0), (2, 0), (9, 0), (16, 0), (23, 0)],
    [(0, 0), (7, 0), (14, 0), (21, 0), (28, 0)],
    every=(5, 0, 0),
    official=(4, 1, 1),
    nearest=(4, 1, 1),
    proof="As chain_3: five pairs 5 apart, or four pairs 2 apart and two points left over.",
)
frame(
    "chain_5_shuffled",
    "chain_5 in another order",
    [(9, 0), (23, 0), (-5, 0), (16, 0), (2, 0)],
    [(28, 0), (7, 0), (21, 0), (0, 0), (14, 0)],
    every=(5, 0, 0),
    official=(4, 1, 1),
    nearest=(4, 1, 1),
    same="chain_5",
    proof="The points are those of chain_5.",
)
frame(
    "chain_falling",
    "a chain in which greedy loses nothing",
    [(0, 0), (10.5, 0), (19, 0)],
    [(5.5, 0), (15, 0), (22.5, 0)],
    every=(3, 0, 0),
    proof="Distances along the chain fall: 5.5, 5, 4.5, 4, 3.5. The closest, P3-L3, then P2-L2 "
    "(P3 is taken), then P1-L1; each is also its prediction's nearest. ungated: 13.5 is the sum "
    "of the sorted pairing; any other has a pair of 14.5 or more.",
)
frame(
    "three_for_two",
    "same counts, other pairs: who is left over depends on the rule",
    [(0, 0), (5, 0), (14, 0)],
    [(2, 0), (9, 0)],
    every=(2, 1, 0),
    proof="Two labels, both in reach, so two pairs at most. hungarian, official, ungated: P1-L1 2 "
    "and P2-L2 4; nearest: P2 asks for L1 (3 < 4) and loses, so P3-L2 5.",
)
frame(
    "exact_hit_and_neighbour",
    "an exact hit sends its rival to the second choice",
    [(0, 0), (2, 0)],
    [(0, 0), (5, 0)],
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    proof="P1-L1 0 and P2-L2 3. nearest: P2 asks for L1 (2 < 3) and loses to the exact hit.",
)
frame(
    "H",
    "one prediction between two labels",
    [(0, 0)],
    [(4, 0), (-4, 0)],
    every=(1, 0, 1),
    proof="One prediction makes one pair; both labels are in reach.",
)

# --- without a gate ---------------------------------------------------------------------------

frame(
    "E",
    "assignment on all distances, gated afterwards, finds nothing",
    [(1, 4), (5, 7)],
    [(8, 4), (16, 5)],
    every=(1, 1, 1),
    ungated=(0, 2, 2),
    proof="Only P2-L1 4.24 is in reach. ungated: P1-L1 7 + P2-L2 11.18 = 18.18 beats P2-L1 4.24 + "
    "P1-L2 15.03 = 19.28; neither 7 nor 11.18 counts.",
)
frame(
    "F",
    "a label far away must not matter",
    [(0, 0), (20, 0)],
    [(4, 0), (-14, 0)],
    every=(1, 1, 1),
    ungated=(0, 2, 2),
    proof="Only P1-L1 4 is in reach. ungated: P1-L2 14 + P2-L1 16 = 30 beats 4 + 34 = 38.",
)
frame(
    "L",
    "a far prediction must not draw a label away",
    [(6.5, 0), (20, 0)],
    [(0, 0), (7, 0)],
    every=(1, 1, 1),
    ungated=(0, 2, 2),
    proof="Only P1-L2 0.5 is in reach. ungated: P1-L1 6.5 + P2-L2 13 = 19.5 beats 0.5 + 20 = 20.5.",
)
frame(
    "very_far",
    "points millions of pixels away",
    [(0, 0), (1000000, 0)],
    [(3, 0), (-10, 0)],
    every=(1, 1, 1),
    ungated=(0, 2, 2),
    proof="Only P1-L1 3 is in reach. ungated: P1-L2 10 + P2-L1 999997 = 1000007 beats P1-L1 3 + "
    "P2-L2 1000010 = 1000013.",
)
frame(
    "far_surplus",
    "a far prediction too many is simply left over",
    [(0, 0), (1000000, 1000000)],
    [(3, 0)],
    every=(1, 1, 0),
    proof="One label, and P1 is 3 away; with one label ungated takes the nearest, too.",
)

# --- nothing, duplicates ----------------------------------------------------------------------

frame("empty", "nothing and nothing", [], [], every=(0, 0, 0), proof="There is no point.")
frame(
    "no_predictions",
    "all missed",
    [],
    [(1, 1), (9, 9)],
    every=(0, 0, 2),
    proof="No pair without predictions.",
)
frame(
    "no_labels",
    "all invented",
    [(1, 1), (9, 9)],
    [],
    every=(0, 2, 0),
    proof="No pair without labels.",
)
frame(
    "G",
    "three predictions around one label",
    [(0, 0), (1, 0), (0, 1)],
    [(0, 0)],
    every=(1, 2, 0),
    proof="One label makes one pair.",
)
frame(
    "J",
    "three identical predictions on one label",
    [(1, 1), (1, 1), (1, 1)],
    [(0, 0)],
    every=(1, 2, 0),
    proof="One label makes one pair; the two others are invented.",
    originals={"nearest": (0, 3, 1)},
)
frame(
    "same_prediction_twice",
    "two identical predictions on one label",
    [(10, 10), (10, 10)],
    [(12, 10)],
    every=(1, 1, 0),
    proof="One label makes one pair.",
)
frame(
    "same_label_twice",
    "two identical labels and one prediction",
    [(12, 10)],
    [(10, 10), (10, 10)],
    every=(1, 0, 1),
    proof="One prediction makes one pair; the other label stays missed.",
    originals={"nearest": (1, 0, 0)},
)
frame(
    "same_twice_on_both_sides",
    "two identical predictions on two identical labels",
    [(5, 5), (5, 5)],
    [(5, 5), (5, 5)],
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    ties={"nearest": [(1, 1, 1), (2, 0, 0)]},
    proof="Two disjoint pairs at distance 0. nearest: both predictions are equally near both "
    "labels; both ask for the first.",
    originals={"nearest": (1, 1, 0)},
)
frame(
    "same_label_twice_two_predictions",
    "two identical labels and two different predictions",
    [(-2, 0), (3, 0)],
    [(0, 0), (0, 0)],
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    ties={"nearest": [(1, 1, 1), (2, 0, 0)]},
    proof="P1 with one (2), P2 with the other (3). nearest: each is equally near both labels; both "
    "ask for the first.",
    originals={"nearest": (1, 1, 0)},
)
frame(
    "duplicate_beside_a_pair",
    "a duplicated hit does not cost the neighbour its label",
    [(20, 20), (20, 20), (23, 24)],
    [(20, 20), (26, 27)],
    every=(2, 1, 0),
    proof="One of P1, P2 with L1 (0), P3 with L2 (4.24; to L1 it is 5).",
)
frame(
    "fifty_on_one",
    "fifty predictions at one place beside one label",
    [(100, 100)] * 50,
    [(102, 100)],
    every=(1, 49, 0),
    proof="One label makes one pair.",
    originals={"nearest": (0, 50, 1)},
)
frame(
    "labels_as_predictions",
    "the labels handed in as predictions, in another order",
    [(300, 40), (12.5, 7), (13, 9), (256, 144), (260, 146), (0, 0)],
    [(12.5, 7), (256, 144), (0, 0), (300, 40), (13, 9), (260, 146)],
    every=(6, 0, 0),
    proof="Every label has its own point at distance 0, all different.",
)

# --- ties -------------------------------------------------------------------------------------

frame(
    "I",
    "two predictions equally far from a label",
    [(-3, 0), (3, 0)],
    [(0, 0), (8, 0)],
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    ties={"official": [(1, 1, 1), (2, 0, 0)]},
    proof="P1-L1 3 and P2-L2 5 make two. official: P1-L1 and P2-L1 are both 3; the pair further "
    "left goes first, so P2-L2 remains. nearest: both ask for L1.",
    originals={"official": (1, 1, 1)},
)
frame(
    "I_reversed",
    "I with the predictions in the other order",
    [(3, 0), (-3, 0)],
    [(0, 0), (8, 0)],
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    ties={"official": [(1, 1, 1), (2, 0, 0)]},
    same="I",
    proof="The points are those of I.",
)
frame(
    "I_mirrored",
    "I mirrored: the tie now falls the other way",
    [(-3, 0), (3, 0)],
    [(0, 0), (-8, 0)],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    ties={"official": [(1, 1, 1), (2, 0, 0)]},
    proof="P2-L1 3 and P1-L2 5 make two. official: the pair further left, P1-L1, goes first and "
    "leaves P2-L2 11 apart.",
    originals={"official": (2, 0, 0)},
)
frame(
    "square",
    "four points on a square, all four distances at the radius, <=",
    [(0, 0), (6, 6)],
    [(0, 6), (6, 0)],
    inclusive=True,
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    ties={"nearest": [(1, 1, 1), (2, 0, 0)]},
    proof="Any pair leaves one more, also 6 apart. nearest: both are equally near both labels and "
    "ask for the one further left.",
    originals={"nearest": (0, 2, 2)},
)
frame(
    "square_strict",
    "the square with <",
    [(0, 0), (6, 6)],
    [(0, 6), (6, 0)],
    inclusive=False,
    every=(0, 2, 2),
    proof="All four distances are 6.",
    originals={"official": (2, 0, 0)},
)
frame(
    "ring_of_four",
    "four predictions around one label, equally far",
    [(1, 0), (0, 1), (-1, 0), (0, -1)],
    [(0, 0)],
    every=(1, 3, 0),
    proof="One label makes one pair, whichever prediction gets it.",
)
frame(
    "row_of_ties",
    "a row of stitches, every prediction half-way to the next one",
    [(5, 0), (15, 0), (25, 0), (35, 0)],
    [(0, 0), (10, 0), (20, 0), (30, 0)],
    every=(4, 0, 0),
    ties={"official": [(3, 1, 1), (4, 0, 0)], "nearest": [(2, 2, 2), (3, 1, 1), (4, 0, 0)]},
    proof="All neighbours are 5 apart; each prediction with the label to its left makes four, and "
    "that is where ties go (further left first). ungated: 4 * 5 = 20; all others are longer.",
)

# --- rows, crowds, large counts ---------------------------------------------------------------

frame(
    "row_shifted_less",
    "a row of stitches, every prediction nearer to its own stitch than to the next",
    [(4, 0), (13, 0), (22, 0), (31, 0)],
    [(0, 0), (9, 0), (18, 0), (27, 0)],
    every=(4, 0, 0),
    proof="To the label on the left 4, on the right 5: the nearest pairs are already one to one.",
)
frame(
    "row_shifted_more",
    "a row of stitches, every prediction nearer to the next stitch than to its own",
    [(5, 0), (14, 0), (23, 0), (32, 0)],
    [(0, 0), (9, 0), (18, 0), (27, 0)],
    every=(4, 0, 0),
    official=(3, 1, 1),
    nearest=(3, 1, 1),
    proof="To the left 5, to the right 4. Four pairs of 5; or three of 4, which leave P4 and L1, "
    "32 apart. nearest: P4 loses L4 to P3. ungated: 20 against 44.",
)
frame(
    "crowd_3",
    "three and three, all within reach of one another",
    [(0, 0), (1, 0), (2, 0)],
    [(0, 1), (3, 3), (4, 0)],
    every=(3, 0, 0),
    nearest=(2, 1, 1),
    proof="All nine distances are below 6, so every one-to-one rule finds three. nearest: P1 (1) "
    "and P2 (1.41) ask for L1, P3 for L3 (2 < 2.24).",
)
frame(
    "crowd_2_of_5",
    "two predictions among five labels, all within reach",
    [(0, 0), (0.5, 0)],
    [(1, 0), (-3, 0), (0, 3), (3, 3), (-2, -2)],
    every=(2, 0, 3),
    nearest=(1, 1, 4),
    proof="All ten distances are below 6, so two pairs. nearest: both ask for L1 (1 and 0.5).",
)
frame(
    "three_groups",
    "C, G and B in one frame, far apart: counts add up",
    [(-5, 0), (2, 0), (200, 100), (201, 100), (200, 101), (400, 200), (404, 200)],
    [(0, 0), (7, 0), (200, 100), (402.5, 200), (397, 200)],
    hungarian=(5, 2, 0),
    official=(4, 3, 1),
    nearest=(3, 4, 2),
    ungated=(5, 2, 0),
    proof="hungarian 2 + 1 + 2, official 1 + 1 + 2, nearest 1 + 1 + 1. ungated: pairing within the "
    "groups costs 10 + 0 + 4.5; any pair across groups costs more than 190.",
)
frame(
    "surplus_elsewhere",
    "a prediction too many here, a label too many there",
    [(0, 0), (3, 0), (100, 0)],
    [(1, 0), (101, 0), (104, 0)],
    every=(2, 1, 1),
    proof="P1-L1 1 and P3-L2 1; P2 and L3 are 101 apart. ungated has optima of 103 px, all of them "
    "with two pairs in reach.",
)
frame(
    "grid_of_100",
    "a hundred stitches, every prediction 5 px off in the same direction",
    [(20 * i + 3, 20 * j + 4) for i in range(10) for j in range(10)],
    [(20 * i, 20 * j) for i in range(10) for j in range(10)],
    every=(100, 0, 0),
    proof="Every prediction is 5 from its label and at least 16 from any other. ungated: any "
    "assignment has the same summed offset (300, 400), so by the triangle inequality costs 500.",
)
frame(
    "row_of_60",
    "sixty stitches in a row, every third one missed, twenty inventions between them",
    [(8 * i, 100) for i in range(60) if i % 3] + [(24 * i, 109) for i in range(20)],
    [(8 * i, 100) for i in range(60)],
    every=(40, 20, 20),
    proof="Forty exact hits. The inventions lie 9 below the missed labels, out of reach, and "
    "further from all others. ungated: 20 * 9 = 180 is the least, as each lies 9 below the row.",
)
frame(
    "corners",
    "the corners of the frame",
    [(0, 0), (511, 287)],
    [(0, 0), (511, 287)],
    every=(2, 0, 0),
    proof="Both are exact hits.",
)

# --- coordinates ------------------------------------------------------------------------------

frame(
    "negative",
    "negative and fractional coordinates",
    [(-10.5, -3.25)],
    [(-7.5, -7.25)],
    every=(1, 0, 0),
    proof="Sides 3 and 4: distance 5.",
)
frame(
    "across_zero",
    "a pair on either side of zero",
    [(-2.5, 1.5)],
    [(2.5, -1.5)],
    every=(1, 0, 0),
    proof="Sides 5 and 3: distance 5.83 < 6.",
)
frame(
    "same_x",
    "the same x throughout: only y tells the points apart",
    [(10, 0), (10, 287)],
    [(10, 3), (10, 280)],
    every=(1, 1, 1),
    proof="P1-L1 3; P2-L2 7 > 6.",
)
frame(
    "axes_not_mixed",
    "x of one point is y of another",
    [(10, 200), (300, 50)],
    [(200, 10), (50, 300)],
    every=(0, 2, 2),
    proof="The nearest distance is P1-L2, 107.7. A scorer that swaps the axes finds two.",
)
frame(
    "huge_coordinates",
    "coordinates of a thousand million",
    [(1000000003, 1000000004)],
    [(1000000000, 1000000000)],
    every=(1, 0, 0),
    proof="Sides 3 and 4: distance 5, exact in double (not in single) precision.",
)
frame(
    "rounding_inside",
    "6 on paper, 5.99999... in double precision: inside even with <",
    [(103.6, 104.8)],
    [(100, 100)],
    every=(1, 0, 0),
    rounding=True,
    proof="103.6 - 100 = 3.5999999999999943 and 104.8 - 100 = 4.799999999999997.",
)
frame(
    "rounding_outside",
    "6 on paper, 6.00000...03 in double precision: outside even with <=",
    [(256.04, 100)],
    [(250.04, 100)],
    every=(0, 1, 1),
    rounding=True,
    proof="256.04 - 250.04 = 6.000000000000028.",
)
frame(
    "rounding_breaks_a_tie",
    "a tie on paper that double precision decides",
    [(2.2, 0), (8.2, 0)],
    [(5.2, 0), (13.2, 0)],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    rounding=True,
    proof="5.2 - 2.2 = 3.0 but 8.2 - 5.2 = 2.999999999999999, so P2-L1 is closest and leaves P1-L2 "
    "11 apart. hungarian: P1-L1 3 and P2-L2 5.",
)

# --- other radii, scores ----------------------------------------------------------------------

frame(
    "radius_3",
    "5 px apart at radius 3",
    [(0, 0)],
    [(3, 4)],
    radius=3,
    every=(0, 1, 1),
    proof="5 > 3.",
)
frame(
    "radius_12",
    "5 px apart at radius 12",
    [(0, 0)],
    [(3, 4)],
    radius=12,
    every=(1, 0, 0),
    proof="5 < 12.",
)
frame(
    "radius_half",
    "a radius below one pixel",
    [(10.4, 10.4), (20.25, 20)],
    [(10, 10), (20, 20)],
    radius=0.5,
    every=(1, 1, 1),
    proof="P1-L1 0.566 > 0.5, P2-L2 0.25 < 0.5.",
)
frame(
    "radius_tenth_of_C",
    "C at a tenth of its size",
    [(-0.5, 0), (0.2, 0)],
    [(0, 0), (0.7, 0)],
    radius=0.6,
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    proof="C with everything divided by 10.",
)
frame(
    "radius_1000",
    "F at a radius that reaches everything",
    [(0, 0), (20, 0)],
    [(4, 0), (-14, 0)],
    radius=1000,
    every=(2, 0, 0),
    nearest=(1, 1, 1),
    proof="All distances are in reach, so two pairs. nearest: both ask for L1 (4 and 16).",
)
frame(
    "scores_low_first",
    "C with scores: they must not decide who chooses first",
    [(-5, 0), (2, 0)],
    [(0, 0), (7, 0)],
    scores=[0.9, 0.2],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    same="C",
    proof="As C. A rule that lets the highest score choose first (as for average precision) "
    "finds two where official finds one.",
)
frame(
    "scores_high_first",
    "the same with the scores exchanged",
    [(-5, 0), (2, 0)],
    [(0, 0), (7, 0)],
    scores=[0.2, 0.9],
    every=(2, 0, 0),
    official=(1, 1, 1),
    nearest=(1, 1, 1),
    same="C",
    proof="As C. A rule that lets the highest score choose first finds one where hungarian "
    "finds two.",
)

# --- sets of frames: (key, predictions or None for no file, labels or None for no file) ---------

FAR = [(10, 10), (50, 50), (90, 90), (130, 130)]
SETS = [
    {
        "id": "set_missing_empty",
        "shows": "a labelled frame without a prediction file counts as an empty prediction",
        "missing": "empty",
        "frames": [("a/v/0", FAR[:2], FAR), ("a/v/1", None, FAR[:3])],
        "expected": (2, 2, 0, 5),
        "ratios": ((2, 2), (2, 7), (4, 9)),
        "proof": "Two hits of four, none of three: 2 / 2, 2 / 7, 4 / (4 + 5).",
    },
    {
        "id": "set_missing_skip",
        "shows": "the same with the frame left out",
        "missing": "skip",
        "frames": [("a/v/0", FAR[:2], FAR), ("a/v/1", None, FAR[:3])],
        "expected": (1, 2, 0, 2),
        "ratios": ((2, 2), (2, 4), (4, 6)),
        "proof": "Only the first frame counts: 2 / 2, 2 / 4, 4 / (4 + 2).",
    },
    {
        "id": "set_empty_file_is_not_missing",
        "shows": "an empty list is a prediction, also when missing frames are left out",
        "missing": "skip",
        "frames": [("a/v/0", FAR[:2], FAR[:2]), ("a/v/1", [], FAR[:2])],
        "expected": (2, 2, 0, 2),
        "ratios": ((2, 2), (2, 4), (4, 6)),
        "proof": "Two of two, none of two: 2 / 2, 2 / 4, 4 / (4 + 2).",
    },
    {
        "id": "set_pooled_not_averaged",
        "shows": "counts are added over frames before anything is divided",
        "missing": "empty",
        "frames": [("a/v/0", FAR[:1], FAR[:1]), ("b/v/0", [(300, 200)], FAR[:3])],
        "expected": (2, 1, 1, 3),
        "ratios": ((1, 2), (1, 4), (2, 6)),
        "proof": "1 / 2, 1 / 4, 2 / (2 + 1 + 3). Means of the frames would be 1/2, 1/2, 1/2.",
    },
    {
        "id": "set_nothing_at_all",
        "shows": "nothing predicted, nothing labelled: 0/0 is null, not 0 and not 1",
        "missing": "empty",
        "frames": [("a/v/0", [], []), ("a/v/1", [], [])],
        "expected": (2, 0, 0, 0),
        "ratios": ((0, 0), (0, 0), (0, 0)),
        "proof": "All three are 0 / 0.",
    },
    {
        "id": "set_nothing_predicted",
        "shows": "nothing predicted: precision is null, sensitivity and F1 are 0",
        "missing": "empty",
        "frames": [("a/v/0", [], FAR), ("a/v/1", [], [])],
        "expected": (2, 0, 0, 4),
        "ratios": ((0, 0), (0, 4), (0, 4)),
        "proof": "0 / 0, 0 / 4, 0 / 4.",
    },
    {
        "id": "set_nothing_labelled",
        "shows": "nothing labelled: sensitivity is null, precision and F1 are 0",
        "missing": "empty",
        "frames": [("a/v/0", FAR[:2], []), ("a/v/1", FAR[2:3], [])],
        "expected": (2, 0, 3, 0),
        "ratios": ((0, 3), (0, 0), (0, 3)),
        "proof": "0 / 3, 0 / 0, 0 / 3.",
    },
    {
        "id": "set_no_hit",
        "shows": "predictions and labels, but no hit: all three are 0",
        "missing": "empty",
        "frames": [("a/v/0", [(300, 200)], FAR[:1])],
        "expected": (1, 0, 1, 1),
        "ratios": ((0, 1), (0, 1), (0, 2)),
        "proof": "0 / 1, 0 / 1, 0 / 2; precision + sensitivity = 0 is not divided by.",
    },
    {
        "id": "set_all_missing_skip",
        "shows": "every frame left out",
        "missing": "skip",
        "frames": [("a/v/0", None, FAR), ("a/v/1", None, FAR)],
        "expected": (0, 0, 0, 0),
        "ratios": ((0, 0), (0, 0), (0, 0)),
        "proof": "No frame counts, so all three are 0 / 0.",
    },
    {
        "id": "set_unknown_frame",
        "shows": "a prediction for a frame without a label file is not scored",
        "missing": "empty",
        "frames": [("a/v/0", FAR[:2], FAR[:2]), ("a/v/7", FAR, None)],
        "expected": (1, 2, 0, 0),
        "ratios": ((2, 2), (2, 2), (4, 4)),
        "proof": "Two hits of two; a/v/7 is not labelled.",
    },
    {
        "id": "set_frames_do_not_mix",
        "shows": "a point never matches a label of another frame",
        "missing": "empty",
        "frames": [("a/v/0", FAR[:1], FAR[1:2]), ("a/v/1", FAR[1:2], FAR[:1])],
        "expected": (2, 0, 2, 2),
        "ratios": ((0, 2), (0, 2), (0, 4)),
        "proof": "Within each frame the points are 56.6 apart.",
    },
]
