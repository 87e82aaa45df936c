"""What is true of the simulated shop: probabilities that no model may see, only be held against."""

from collections.abc import Sequence

import numpy as np

from insight.simulate.shop import Customers, Floats, season


def no_purchase_probability(who: Customers, *, day: int, weekdays: Sequence[int]) -> Floats:
    """That a customer buys nothing on the days after ``day``, one per weekday given.

    A customer who is still there leaves with the hazard h at the start of each day, else makes
    a Poisson number of visits with mean r, each of which buys with probability b:
    P_d = h + (1 - h) exp(-r b) P_(d+1), from the last day backwards (thinning of a Poisson
    process; Ross, Introduction to Probability Models, section 5.3).

    Args:
        who: All customers.
        day: The last day that is known.
        weekdays: Of the days after it, 0 for Monday.

    Returns:
        One probability per customer; 1 for one who has left. A customer who has yet to join
        is taken to join when they do.
    """
    nothing: Floats = np.ones(len(who.hazard))
    for ahead in range(len(weekdays), 0, -1):
        visits = who.visit_rate * season(day + ahead, weekday=weekdays[ahead - 1])
        buys_nothing = np.exp(-visits * who.buys)
        stays = who.hazard + (1 - who.hazard) * buys_nothing * nothing
        # The hazard begins on the day after joining: nobody leaves before their first day.
        begins = np.where(who.joins == day + ahead, buys_nothing * nothing, stays)
        nothing = np.where(who.joins > day + ahead, nothing, begins)
    return np.where(who.leaves <= day, 1.0, nothing)
