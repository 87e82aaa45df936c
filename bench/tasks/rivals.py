"""What careful engineers would use instead: an RFM rule, BG/NBD, and tuned LightGBM."""

from collections.abc import Iterable
from typing import NamedTuple

import lightgbm
import numpy as np
import optuna
import pandas as pd
from lifetimes import BetaGeoFitter
from lifetimes.utils import ConvergenceError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from bench.tasks.shops import Split
from insight.encoding.features import FeatureStatistics
from insight.promotion.contenders import BASELINE, Contender

TRIALS = 30
ROUNDS = 2000
PATIENCE = 50
HORIZON_DAYS = {"purchase": 7, "churn": 30}
_RFM = ("days_since_last_order", "orders_365d", "amount_365d")
_QUINTILES = np.linspace(0, 1, 6)[1:-1]
_DAY = 86_400
_DAYS_A_WEEK = 7
_PENALTIES = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)


class Splits(NamedTuple):
    """One night's examples, in the order of their cut-offs.

    Args:
        train: What is learned from.
        validation: What settings are chosen on; then learned from as well.
        recalibration: Newer, with the labels that are complete by the test; learned from last.
        test: What is predicted.
    """

    train: Split
    validation: Split
    recalibration: Split
    test: Split

    @property
    def known(self) -> Split:
        """All whose labels are known before the test: everyone learns from the same rows."""
        return self.train.with_more(self.validation).with_more(self.recalibration)


def lightgbm_contender(splits: Splits, tasks: Iterable[str], *, seed: int) -> Contender:
    """Boosted trees, tuned and stopped on the validation cut-off, refitted on all that is known."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    train, validation, _, test = splits
    known = splits.known
    said = {}
    for task in tasks:
        learnt, checked = train.labelled(task), validation.labelled(task)

        def loss(trial: optuna.Trial, learnt=learnt, checked=checked) -> float:
            booster = _boosted(_parameters(trial, seed), learnt, checked)
            trial.set_user_attr("rounds", booster.best_iteration)
            return float(log_loss(checked[1], booster.predict(checked[0])))

        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        study.optimize(loss, n_trials=TRIALS)
        best = study.best_trial
        parameters, rounds = {**best.params, **_fixed(seed)}, best.user_attrs["rounds"]
        rows = lightgbm.Dataset(*known.labelled(task))
        booster = lightgbm.train(parameters, rows, num_boost_round=rounds)
        said[task] = np.asarray(booster.predict(test.design(task)))
    return Contender("lightgbm", BASELINE, said)


def rfm_contender(splits: Splits, tasks: Iterable[str], statistics: FeatureStatistics) -> Contender:
    """Quintiles of recency, frequency and money (Hughes 1994), weighed by a regression."""
    learnt, test = splits.known, splits.test
    columns = [statistics.names.index(name) for name in _RFM]
    edges = np.quantile(learnt.features[:, columns], _QUINTILES, axis=0)

    def cells(features: np.ndarray) -> np.ndarray:
        quintiles = [
            np.digitize(features[:, column], edges[:, number])
            for number, column in enumerate(columns)
        ]
        return np.hstack([np.eye(5)[each] for each in quintiles])

    said = {}
    for task in tasks:
        features, labels = learnt.labelled(task)
        fitted = LogisticRegression(max_iter=1000).fit(cells(features), labels)
        said[task] = fitted.predict_proba(cells(test.features))[:, 1]
    return Contender("rfm", BASELINE, said)


def bgnbd_contender(orders: pd.DataFrame, test: Split) -> Contender:
    """BG/NBD (Fader, Hardie and Lee 2005): chance of an order within the horizon, from days alone.

    Args:
        orders: ``customer_id, first, last, count``: days with an order up to the cut-off.
        test: The rows to predict; those about a campaign are as of another day, and not asked.
    """
    is_asked = test.rows["campaign_id"].to_numpy() == ""
    rows = test.rows.loc[is_asked, ["customer_id", "cutoff_at"]]
    asked = rows.merge(orders, on="customer_id", how="left")
    # The cut-off is the end of its day: its date is a day before.
    known = pd.to_datetime(asked["cutoff_at"] - _DAY, unit="s")
    frequency = (asked["count"] - 1).fillna(0).to_numpy(np.float64)
    recency = (pd.to_datetime(asked["last"]) - pd.to_datetime(asked["first"])).dt.days
    age = (known - pd.to_datetime(asked["first"])).dt.days
    recency = recency.fillna(0).to_numpy(np.float64) / _DAYS_A_WEEK
    age = np.maximum(age.fillna(1).to_numpy(np.float64), 1.0) / _DAYS_A_WEEK
    bought = asked["count"].notna().to_numpy()
    fitter = _bgnbd(frequency[bought], recency[bought], age[bought])
    said = {}
    for task, days in HORIZON_DAYS.items():
        expected = fitter.conditional_expected_number_of_purchases_up_to_time(
            days / _DAYS_A_WEEK, frequency, recency, age
        )
        # At least one order of a Poisson count with that mean.
        buys = np.where(bought, 1.0 - np.exp(-np.asarray(expected, np.float64)), 0.0)
        chances = np.full(len(is_asked), 0.5)
        chances[is_asked] = np.clip(buys if task == "purchase" else 1.0 - buys, 1e-6, 1 - 1e-6)
        said[task] = chances
    return Contender("bgnbd", BASELINE, said)


def _bgnbd(frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> BetaGeoFitter:
    """Fitted with the smallest penalty that it converges with."""
    for penalty in _PENALTIES:
        try:
            return BetaGeoFitter(penalty).fit(frequency, recency, age)
        except ConvergenceError as error:
            problem = error
    raise SystemExit(f"BG/NBD: no fit with a penalty of up to {_PENALTIES[-1]}") from problem


def random_split_auc(splits: Splits, task: str, *, seed: int) -> float:
    """What LightGBM would have shown on rows of all cut-offs split at random, a tenth to test.

    A warning: the same customers, a week earlier and later, are among what it learned from.
    """
    features, labels = splits.known.with_more(splits.test).labelled(task)
    draw = np.random.default_rng(seed).random(len(labels))
    learnt, checked, asked = draw < 0.8, (draw >= 0.8) & (draw < 0.9), draw >= 0.9
    booster = _boosted(
        {"learning_rate": 0.05, "num_leaves": 31, **_fixed(seed)},
        (features[learnt], labels[learnt]),
        (features[checked], labels[checked]),
    )
    return float(roc_auc_score(labels[asked], booster.predict(features[asked])))


def _boosted(parameters: dict, learnt: tuple, checked: tuple) -> lightgbm.Booster:
    train = lightgbm.Dataset(*learnt)
    return lightgbm.train(
        parameters,
        train,
        num_boost_round=ROUNDS,
        valid_sets=[lightgbm.Dataset(*checked, reference=train)],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )


def _parameters(trial: optuna.Trial, seed: int) -> dict:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.1, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 64, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 10, 500, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 100.0, log=True),
        **_fixed(seed),
    }


def _fixed(seed: int) -> dict:
    return {
        "objective": "binary",
        "seed": seed,
        "num_threads": 2,
        "deterministic": True,
        "verbosity": -1,
    }
