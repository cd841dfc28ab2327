"""Does a method keep to what the harness and its users rely on? ``bench check``, and for pytest:

    from adaptor_bench.testing import CHECKS, check_method

    @pytest.fixture(scope="module")
    def verdict():
        return check_method("mine", methods_from=["methods"])

    @pytest.mark.parametrize("check", CHECKS)
    def test_mine(verdict, check):
        verdict.require(check)

It trains a few folds for seconds on frames of 160x90 px that it draws itself.
"""

from adaptor_bench.testing.suite import check_method
from adaptor_bench.testing.verdict import CHECKS, Outcome, Verdict

__all__ = ["CHECKS", "Outcome", "Verdict", "check_method"]
